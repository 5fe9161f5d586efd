//! The rules that a declared form can break, with their wording.
//!
//! Owns: one constructor for each kind of rule. The reasons are those of `entrypass.errors.v1.ViolationReason`.
//! Does not own: when a rule is broken. No wording repeats a value: it names the rule and its limits.

use entrypass_rule::{Rule, Text};

/// What a value that keeps the rules is, or every rule that it breaks.
pub(crate) type Checked<T> = Result<T, Vec<Rule>>;

/// `Ok` with `value` if nothing was broken.
pub(crate) fn checked<T>(value: T, broken: Vec<Rule>) -> Checked<T> {
    if broken.is_empty() { Ok(value) } else { Err(broken) }
}

pub(crate) fn required_name() -> Rule {
    let text = Text::new(
        "须按证件填写中文姓名，或英文姓和名",
        "a name is required: in Chinese characters, or surname and given names, as on the document",
    );
    Rule::new("REQUIRED", text)
}

/// The wording states the form.
pub(crate) fn format(zh_cn: &'static str, en: &'static str) -> Rule {
    Rule::new("FORMAT", Text::new(zh_cn, en))
}

pub(crate) fn length(min: usize, max: usize) -> Rule {
    let text = if min == max {
        Text::new(format!("须为{min}个字符"), format!("must have {min} characters"))
    } else {
        Text::new(format!("须为{min}至{max}个字符"), format!("must have {min} to {max} characters"))
    };
    Rule::new("LENGTH", text)
}

pub(crate) fn list_length(max: usize) -> Rule {
    let text = Text::new(format!("最多填报{max}项"), format!("must have at most {max} entries"));
    Rule::new("LENGTH", text)
}

/// The wording says which characters the field takes.
pub(crate) fn character(zh_cn: &'static str, en: &'static str) -> Rule {
    Rule::new("CHARACTER", Text::new(zh_cn, en))
}

/// The wording says which list the value is missing from.
pub(crate) fn unknown_value(zh_cn: &'static str, en: &'static str) -> Rule {
    Rule::new("UNKNOWN_VALUE", Text::new(zh_cn, en))
}

pub(crate) fn unknown_country() -> Rule {
    unknown_value(
        "须为 ISO 3166-1 三字母国家(地区)代码",
        "must be a country or region code of three letters (ISO 3166-1 alpha-3, ICAO Doc 9303-3)",
    )
}

pub(crate) fn out_of_range(zh_cn: impl Into<String>, en: impl Into<String>) -> Rule {
    Rule::new("OUT_OF_RANGE", Text::new(zh_cn.into(), en.into()))
}

/// The wording says which other field excludes this one.
pub(crate) fn excluded(zh_cn: &'static str, en: &'static str) -> Rule {
    Rule::new("EXCLUDED", Text::new(zh_cn, en))
}

pub(crate) fn duplicate() -> Rule {
    Rule::new("DUPLICATE", Text::new("同一项不得重复填报", "must not stand twice in the list"))
}

pub(crate) fn contradicts_document() -> Rule {
    let text = Text::new("与证件号码中的信息不一致", "must equal what the document number encodes");
    Rule::new("CONTRADICTS_DOCUMENT", text)
}

pub(crate) fn nationality_mismatch() -> Rule {
    let text = Text::new("国籍(地区)与证件类型不符", "the nationality must fit the document type");
    Rule::new("NATIONALITY_MISMATCH", text)
}

pub(crate) fn contact_is_traveller() -> Rule {
    let text = Text::new("联系人不得是申报人本人", "the contact must be somebody other than the traveller");
    Rule::new("CONTACT_IS_TRAVELLER", text)
}

pub(crate) fn filler_address() -> Rule {
    let text = Text::new(
        "须填写具体地址（街道、门牌号等，住酒店的须写明酒店名称），不得填“待定”“酒店”等",
        "must say where: street and house number, and the name of a hotel; not \"undecided\" or \"hotel\"",
    );
    Rule::new("FILLER_ADDRESS", text)
}

pub(crate) fn not_collected() -> Rule {
    let text =
        Text::new("此处不收集健康申报，请勿填报", "no health declaration is collected here: leave it out");
    Rule::new("NOT_COLLECTED", text)
}

pub(crate) fn identity_field() -> Rule {
    let text = Text::new(
        "身份信息不能通过修改变更：换发证件请用 ReplaceDocument，填写有误请用 RequestCorrection 申请更正",
        "an identity field cannot be amended: another document takes ReplaceDocument, a mistake RequestCorrection",
    );
    Rule::new("IDENTITY_FIELD", text)
}

pub(crate) fn not_identity_field() -> Rule {
    let text = Text::new(
        "更正只适用于身份信息，其他内容可直接修改",
        "a correction takes identity fields alone: anything else can be amended",
    );
    Rule::new("NOT_IDENTITY_FIELD", text)
}

pub(crate) fn unchanged() -> Rule {
    let text = Text::new("与已登记内容相同，无须更正", "as it is registered already: nothing to correct");
    Rule::new("UNCHANGED", text)
}

pub(crate) fn replaced_since() -> Rule {
    let text = Text::new(
        "申请更正后证件已换，须驳回此更正，如仍有误请另行申请",
        "another document is registered than the one that was to be corrected: reject this, and have what is still wrong asked for anew",
    );
    Rule::new("REPLACED_SINCE", text)
}

pub(crate) fn unknown_path() -> Rule {
    let text = Text::new(
        "须至少列出一个路径，且每个路径都须是登记表中的字段",
        "must name at least one path, and only paths of RegistrationForm",
    );
    Rule::new("UNKNOWN_PATH", text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use entrypass_proto::errors::v1::ViolationReason;

    #[test]
    fn every_reason_is_published() {
        let rules = [
            Rule::required(),
            required_name(),
            format("", ""),
            length(1, 2),
            list_length(1),
            character("", ""),
            unknown_country(),
            out_of_range("", ""),
            excluded("", ""),
            duplicate(),
            contradicts_document(),
            nationality_mismatch(),
            contact_is_traveller(),
            filler_address(),
            not_collected(),
            identity_field(),
            not_identity_field(),
            unchanged(),
            replaced_since(),
            unknown_path(),
        ];
        for rule in rules {
            let published = ViolationReason::from_str_name(&format!("VIOLATION_REASON_{}", rule.reason));
            assert!(published.is_some(), "{}", rule.reason);
        }
    }
}
