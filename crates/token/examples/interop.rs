//! Answers to `tests/interop/tokens.py`, as other implementations do: one JSON object a line, for one a line.

use std::io::{self, BufRead as _, Write as _};

use entrypass_token::{Claims, Freshness, SigningKey, Token, VerificationKey};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut keys = Vec::new();
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        writeln!(output, "{}", answer(&serde_json::from_str(&line?)?, &mut keys)?)?;
    }
    Ok(())
}

fn answer(request: &Value, keys: &mut Vec<VerificationKey>) -> Result<Value, Failure> {
    if request["trust"].is_string() {
        return Ok(trust(request, keys)?.map_or_else(
            || json!({ "refused": true }),
            |key| json!({ "key_id": key.key_id().to_string() }),
        ));
    }
    if request["issue"].is_object() {
        return Ok(json!({ "text": issued(request)? }));
    }
    let now = request["now"].as_i64().ok_or("now is a number")?;
    Ok(outcome(text(&request["read"])?, now, keys))
}

fn trust(request: &Value, keys: &mut Vec<VerificationKey>) -> Result<Option<VerificationKey>, Failure> {
    let Ok(key) = VerificationKey::from_cose_key(&unhex(text(&request["trust"])?)?) else { return Ok(None) };
    let same_jwk =
        request["jwk"].is_null() || request["jwk"] == serde_json::from_str::<Value>(&key.to_jwk())?;
    keys.push(key.clone());
    Ok(same_jwk.then_some(key))
}

fn issued(request: &Value) -> Result<String, Failure> {
    let public = VerificationKey::from_cose_key(&unhex(text(&request["cose_key"])?)?)?;
    let seed = unhex(text(&request["private_key"])?)?;
    let seed = seed.as_slice().try_into()?;
    let key = SigningKey::from_seed(public.algorithm(), seed)?;
    let said = &request["issue"];
    let number = |name: &str| said[name].as_i64().ok_or("a claim is missing");
    let claims = Claims::new(
        text(&said["issuer"])?.parse()?,
        text(&said["code_id"])?.parse()?,
        number("revision")?.try_into()?,
        number("issued_at")?,
        number("expires_at")?,
    )?;
    Ok(key.issue(&claims))
}

/// As in `vectors/tokens.json`.
fn outcome(text: &str, now: i64, keys: &[VerificationKey]) -> Value {
    let token = match Token::decode(text) {
        Ok(token) => token,
        Err(malformed) => return json!({ "outcome": "MALFORMED", "reason": malformed.reason() }),
    };
    let Some(key) = keys.iter().find(|key| key.key_id() == token.key_id()) else {
        return json!({ "outcome": "UNKNOWN_KEY" });
    };
    let Ok(claims) = token.verify(key) else { return json!({ "outcome": "BAD_SIGNATURE" }) };
    match claims.freshness_at(now) {
        Freshness::Expired => json!({ "outcome": "EXPIRED" }),
        Freshness::NotYetValid => json!({ "outcome": "NOT_YET_VALID" }),
        Freshness::Fresh => json!({ "outcome": "VALID", "claims": {
            "issuer": claims.issuer().to_string(),
            "code_id": claims.code_id().to_string(),
            "revision": claims.revision().get(),
            "issued_at": claims.issued_at(),
            "expires_at": claims.expires_at(),
        }}),
    }
}

fn text(value: &Value) -> Result<&str, Failure> {
    Ok(value.as_str().ok_or("a text is missing")?)
}

fn unhex(digits: &str) -> Result<Vec<u8>, Failure> {
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return Err("the hexadecimal digits are no pairs".into());
    }
    let byte = |at| Ok(u8::from_str_radix(&digits[at..at + 2], 16)?);
    (0..digits.len()).step_by(2).map(byte).collect()
}
