#!/usr/bin/env node
// Issues and verifies tokens with npm `cose-kit` and `cbor-x`, which share nothing with this project or with by_cwt.py.
//
// Answers to the requests of tokens.py, one JSON object a line. What SPECIFICATION.md demands beyond COSE, and these libraries
// therefore cannot know, stands here, Base45 included; the signature is judged by `cose-kit`.
//
// The packages stand in package.json beside this file; `./check` installs them into .tools/.

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(new URL('../../.tools/', import.meta.url));
const { COSEKeyToJWK, Sign1, coseVerify } = require('cose-kit');
const { Encoder } = require('cbor-x');
const { importJWK } = require('jose');

const PREFIX = 'FSP1:';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const MAX_TEXT_LENGTH = 189;
const CLOCK_LEEWAY_SECONDS = 60;
const [EDDSA, ES256] = [-8, -7];

const ED25519_PRIME = 2n ** 255n - 19n;
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ORDER_8_Y = littleEndian(hex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'));
const SMALL_ORDER_Y = [0n, 1n, ED25519_PRIME - 1n, ORDER_8_Y, ED25519_PRIME - ORDER_8_Y];

// As `cose-kit` has it.
const cbor = new Encoder({ tagUint8Array: false, useRecords: false, mapsAsObjects: false, useTag259ForMaps: false });

class Malformed extends Error {}
class BadKey extends Error {}

function hex(text) {
  return Buffer.from(text, 'hex');
}

function bigEndian(bytes) {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function littleEndian(bytes) {
  return bigEndian(Buffer.from(bytes).reverse());
}

function power(base, exponent, modulus) {
  let result = 1n;
  for (let square = base % modulus; exponent > 0n; exponent >>= 1n, square = (square * square) % modulus) {
    if (exponent & 1n) result = (result * square) % modulus;
  }
  return result;
}

// RFC 9285.
function base45(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = at + 1 < bytes.length;
    let rest = pair ? bytes[at] * 256 + bytes[at + 1] : bytes[at];
    for (let digit = 0; digit < (pair ? 3 : 2); digit += 1, rest = Math.floor(rest / 45)) text += ALPHABET[rest % 45];
  }
  return text;
}

function fromBase45(text) {
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = [...text.slice(at, at + 3)].map((character) => ALPHABET.indexOf(character));
    const value = digits.reduceRight((sum, digit) => sum * 45 + digit, 0);
    if (digits.includes(-1) || digits.length === 1 || value >= 256 ** (digits.length - 1)) throw new Malformed('Base45');
    bytes.push(...(digits.length === 3 ? [value >> 8, value & 0xff] : [value]));
  }
  return Buffer.from(bytes);
}

// Whether these bytes are a map with exactly these labels in this order, in the one spelling.
function isCanonicalMap(map, labels, bytes) {
  return map instanceof Map && `${[...map.keys()]}` === `${labels}` && cbor.encode(map).equals(bytes);
}

function isBytes(value, length) {
  return value instanceof Uint8Array && value.length === length;
}

// RFC 8032, section 5.1.3: one spelling of a point that is on the curve and not of small order.
function isUsableEd25519(x) {
  const y = littleEndian(x) % 2n ** 255n;
  if (y >= ED25519_PRIME || SMALL_ORDER_Y.includes(y)) return false;
  const inverse = (number) => power(number, ED25519_PRIME - 2n, ED25519_PRIME);
  const d = ((ED25519_PRIME - 121665n) * inverse(121666n)) % ED25519_PRIME;
  const xSquared = (y * y - 1n) * inverse(d * y * y + 1n);
  return power(xSquared, (ED25519_PRIME - 1n) / 2n, ED25519_PRIME) === 1n;
}

function parametersOf(bytes) {
  let parameters;
  try {
    parameters = cbor.decode(bytes);
  } catch {
    throw new BadKey('CBOR');
  }
  const ed25519 = isCanonicalMap(parameters, [1, 2, 3, -1, -2], bytes) && parameters.get(1) === 1
    && parameters.get(3) === EDDSA && parameters.get(-1) === 6;
  const p256 = isCanonicalMap(parameters, [1, 2, 3, -1, -2, -3], bytes) && parameters.get(1) === 2
    && parameters.get(3) === ES256 && parameters.get(-1) === 1 && isBytes(parameters.get(-3), 32);
  if (!(ed25519 || p256) || !isBytes(parameters.get(-2), 32)) throw new BadKey('form');
  if (ed25519 && !isUsableEd25519(parameters.get(-2))) throw new BadKey('point');
  return parameters;
}

// A public key, read from its COSE_Key as SPECIFICATION.md demands.
async function readKey(bytes) {
  const parameters = parametersOf(bytes);
  const inThumbprint = [...parameters].filter(([label]) => label !== 2 && label !== 3); // RFC 9679
  const keyId = createHash('sha256').update(cbor.encode(new Map(inThumbprint))).digest().subarray(0, 8);
  if (!keyId.equals(parameters.get(2))) throw new BadKey('key id');
  const jwk = COSEKeyToJWK(bytes);
  const verifier = await importJWK(jwk).catch(() => {
    throw new BadKey('point');
  });
  return { keyId: keyId.toString('hex'), algorithm: parameters.get(3), jwk, verifier };
}

// Whether `cose-kit` makes this JWK of the COSE_Key, but for its `kid`, which is bytes there, and `use`.
function isAlso(key, jwk) {
  const same = ['kty', 'crv', 'x', 'y', 'alg'].every((name) => key.jwk[name] === jwk[name]);
  return same && jwk.kid === key.keyId && jwk.use === 'sig';
}

function messageOf(text) {
  if (Buffer.byteLength(text) > MAX_TEXT_LENGTH || !text.startsWith(PREFIX)) throw new Malformed('length or prefix');
  return fromBase45(text.slice(PREFIX.length));
}

// Headers, claims and signature, if the form is the one of SPECIFICATION.md.
function partsOf(message) {
  let sign1, headers, claims, anew;
  try {
    sign1 = cbor.decode(message);
    headers = sign1.protectedHeaders;
    claims = cbor.decode(sign1.payload);
    anew = sign1.encode();
  } catch {
    throw new Malformed('CBOR');
  }
  const wellFormed = sign1 instanceof Sign1 && anew.equals(message)
    && sign1.unprotectedHeaders instanceof Map && sign1.unprotectedHeaders.size === 0
    && isBytes(sign1.signature, 64)
    && isCanonicalMap(headers, [1, 4], sign1.encodedProtectedHeaders)
    && [EDDSA, ES256].includes(headers.get(1)) && isBytes(headers.get(4), 8)
    && isCanonicalMap(claims, [1, 4, 6, 7], sign1.payload) && areClaims(claims);
  if (!wellFormed) throw new Malformed('form');
  return { headers, claims, signature: sign1.signature };
}

function areClaims(claims) {
  const [issuer, expiresAt, issuedAt, code] = claims.values();
  return typeof issuer === 'string' && /^[A-Z0-9]{2}$/.test(issuer)
    && Number.isInteger(expiresAt) && Number.isInteger(issuedAt)
    && issuedAt >= 0x1_0000 && issuedAt < expiresAt && expiresAt <= 0xffff_ffff
    && isBytes(code, 18) && code[16] * 256 + code[17] >= 1;
}

// What the library behind `cose-kit` leaves open: a second right value for s, and R of small order.
function hasOneSpelling(algorithm, signature) {
  if (algorithm === ES256) return bigEndian(signature.subarray(32)) <= P256_ORDER / 2n;
  return !SMALL_ORDER_Y.includes(littleEndian(signature.subarray(0, 32)) % 2n ** 255n);
}

async function isRight(message, verifier) {
  try {
    return (await coseVerify(message, verifier)).isValid;
  } catch {
    return false;
  }
}

async function outcome(text, now, keys) {
  let message, parts;
  try {
    message = messageOf(text);
    parts = partsOf(message);
  } catch (error) {
    if (error instanceof Malformed) return { outcome: 'MALFORMED' };
    throw error;
  }
  const { headers, claims, signature } = parts;
  const key = keys.find(({ keyId }) => keyId === headers.get(4).toString('hex'));
  if (!key) return { outcome: 'UNKNOWN_KEY' };
  const right = headers.get(1) === key.algorithm && hasOneSpelling(key.algorithm, signature)
    && (await isRight(message, key.verifier));
  if (!right) return { outcome: 'BAD_SIGNATURE' };
  if (now >= claims.get(4)) return { outcome: 'EXPIRED' };
  if (now < claims.get(6) - CLOCK_LEEWAY_SECONDS) return { outcome: 'NOT_YET_VALID' };
  return { outcome: 'VALID', claims: named(claims) };
}

// The claims under the names of SPECIFICATION.md.
function named(claims) {
  const code = Buffer.from(claims.get(7));
  return {
    issuer: claims.get(1),
    code_id: code.toString('hex', 0, 16),
    revision: code.readUInt16BE(16),
    issued_at: claims.get(6),
    expires_at: claims.get(4),
  };
}

// A token that `cose-kit` signs.
async function issued(claims, coseKey, privateKey) {
  const jwk = COSEKeyToJWK(coseKey);
  const signer = await importJWK({ ...jwk, kid: undefined, d: privateKey.toString('base64url') });
  const revision = Buffer.alloc(2);
  revision.writeUInt16BE(claims.revision);
  const code = Buffer.concat([hex(claims.code_id), revision]);
  const payload = cbor.encode(new Map([[1, claims.issuer], [4, claims.expires_at], [6, claims.issued_at], [7, code]]));
  const headers = { alg: jwk.alg, kid: cbor.decode(coseKey).get(2) };
  const sign1 = await Sign1.sign(headers, {}, payload, signer);
  if (jwk.alg === 'ES256') sign1.signature = withLowS(sign1.signature);
  return PREFIX + base45(sign1.encode());
}

// Of both right values for s the lower one.
function withLowS(signature) {
  const s = bigEndian(signature.subarray(32));
  const low = s > P256_ORDER / 2n ? P256_ORDER - s : s;
  return Buffer.concat([signature.subarray(0, 32), hex(low.toString(16).padStart(64, '0'))]);
}

async function trust(request, keys) {
  let key;
  try {
    key = await readKey(hex(request.trust));
  } catch (error) {
    if (error instanceof BadKey) return { refused: true };
    throw error;
  }
  if (request.jwk && !isAlso(key, request.jwk)) return { refused: true };
  keys.push(key);
  return { key_id: key.keyId };
}

const keys = [];
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  if ('trust' in request) answer = await trust(request, keys);
  else if ('issue' in request) {
    answer = { text: await issued(request.issue, hex(request.cose_key), hex(request.private_key)) };
  } else answer = await outcome(request.read, request.now, keys);
  console.log(JSON.stringify(answer));
}
