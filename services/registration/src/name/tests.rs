use proptest::prelude::*;

use super::{ChineseName, LatinName, LatinPart, PersonName};
use crate::form::rule::Checked;

fn outcome<T>(result: Checked<T>, as_str: fn(&T) -> &str) -> String {
    match result {
        Ok(name) => as_str(&name).to_owned(),
        Err(rules) => rules.iter().map(|rule| rule.reason).collect::<Vec<_>>().join("+"),
    }
}

fn latin(surname: &str, given: Option<&str>) -> LatinName {
    LatinName {
        surname: LatinPart::parse(surname).expect("letters"),
        given: given.map(|given| LatinPart::parse(given).expect("letters")),
    }
}

fn person(chinese: Option<&str>, latin: Option<LatinName>) -> PersonName {
    let chinese = chinese.map(|name| ChineseName::parse(name).expect("Chinese characters"));
    PersonName::new(chinese, latin).expect("a name")
}

#[test]
fn a_chinese_name_is_chinese_characters_and_middle_dots() {
    let longest = "阿".repeat(30);
    let table = [
        ("王小明", "王小明"),
        (" 王\u{3000}小 明 ", "王小明"),
        ("阿卜杜拉·买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉・买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉.买买提", "阿卜杜拉·买买提"),
        ("佐々木", "佐々木"),
        ("⽅", "方"),
        ("𠮷", "𠮷"),
        (&longest, &longest),
        ("", "REQUIRED"),
        ("\u{3000}", "REQUIRED"),
        ("Wang", "CHARACTER"),
        ("王1", "CHARACTER"),
        ("王（明）", "CHARACTER"),
        ("김철수", "CHARACTER"),
        ("·王", "FORMAT"),
        ("王··明", "FORMAT"),
        ("·", "FORMAT"),
    ];
    for (raw, expected) in table {
        assert_eq!(outcome(ChineseName::parse(raw), ChineseName::as_str), expected, "{raw:?}");
    }
    assert_eq!(outcome(ChineseName::parse(&"阿".repeat(31)), ChineseName::as_str), "LENGTH");
    assert_eq!(outcome(ChineseName::parse(&"A".repeat(31)), ChineseName::as_str), "LENGTH+CHARACTER");
}

#[test]
fn a_latin_name_is_written_as_in_the_machine_readable_zone() {
    let longest = "A".repeat(39);
    let table = [
        ("SMITH", "SMITH"),
        ("smith", "SMITH"),
        ("ｓｍｉｔｈ", "SMITH"),
        ("  van  der\tBerg ", "VAN DER BERG"),
        ("O’Brien", "O'BRIEN"),
        ("O´Brien", "O'BRIEN"),
        ("Jean–Pierre", "JEAN-PIERRE"),
        ("Jean\u{2011}Pierre", "JEAN-PIERRE"),
        ("Jo\u{200B}hn", "JOHN"),
        ("'t Hooft", "'T HOOFT"),
        (&longest, &longest),
        ("", "REQUIRED"),
        (" \u{3000}", "REQUIRED"),
        ("Müller", "CHARACTER"),
        ("Смит", "CHARACTER"),
        ("SMITH2", "CHARACTER"),
        ("SMITH<", "CHARACTER"),
        ("王", "CHARACTER"),
        ("-", "CHARACTER"),
    ];
    for (raw, expected) in table {
        assert_eq!(outcome(LatinPart::parse(raw), LatinPart::as_str), expected, "{raw:?}");
    }
    assert_eq!(outcome(LatinPart::parse(&"A".repeat(40)), LatinPart::as_str), "LENGTH");
}

#[test]
fn a_holder_may_spell_a_latin_name_as_documents_and_keyboards_do() {
    let name = person(None, Some(latin("O'Brien-Smith", Some("Jean Pierre"))));
    let same = [
        "O'BRIEN-SMITH JEAN PIERRE",
        "o’brien smith, jean-pierre",
        "OBRIEN<SMITH<<JEAN<PIERRE<<<<<<<<<",
        "ＯＢＲＩＥＮ　ＳＭＩＴＨ　ＪＥＡＮ　ＰＩＥＲＲＥ",
        " O`Brien‐Smith,Jean Pierre ",
    ];
    for given in same {
        assert!(name.matches(given), "{given:?}");
    }
    for other in
        ["", "O'BRIEN-SMITH", "JEAN PIERRE O'BRIEN-SMITH", "O'BRIEN-SMITH JEAN", "BRIEN SMITH JEAN PIERRE"]
    {
        assert!(!name.matches(other), "{other:?}");
    }
}

#[test]
fn a_holder_may_spell_a_chinese_name_with_any_middle_dot() {
    let name = person(Some("阿卜杜拉·买买提"), None);
    for given in
        ["阿卜杜拉·买买提", "阿卜杜拉•买买提", "阿卜杜拉・买买提", "阿卜杜拉．买买提", " 阿卜杜拉 · 买买提 "]
    {
        assert!(name.matches(given), "{given:?}");
    }
    for other in ["", "·", "阿卜杜拉", "阿卜杜拉买买提", "阿卜杜拉·買買提", "买买提·阿卜杜拉"]
    {
        assert!(!name.matches(other), "{other:?}");
    }
}

#[test]
fn either_script_proves_the_holder_of_both() {
    let name = person(Some("王小明"), Some(latin("WANG", Some("XIAOMING"))));
    for given in ["王小明", "Wang Xiaoming", "WANG, XIAO MING"] {
        assert!(name.matches(given), "{given:?}");
    }
    assert!(!name.matches("Xiaoming Wang") && name.is_called("Xiaoming Wang"));
    assert!(!name.matches("王小明 Wang Xiaoming"));
}

#[test]
fn a_single_name_is_the_whole_name() {
    let name = person(None, Some(latin("SUKARNO", None)));
    assert!(name.matches("Sukarno") && name.matches("SUKARNO<<"));
    assert!(!name.matches("SUKARNO SUKARNO"));
    assert_eq!(name.display(), "SUKARNO");
}

#[test]
fn a_screen_shows_the_chinese_name_first() {
    let both = person(Some("王小明"), Some(latin("WANG", Some("XIAOMING"))));
    assert_eq!(both.display(), "王小明");
    assert_eq!(person(None, Some(latin("WANG", Some("XIAOMING")))).display(), "WANG XIAOMING");
    assert_eq!(PersonName::new(None, None), None);
}

#[test]
fn a_checkpoint_sees_the_first_letters_only() {
    let table = [
        (person(Some("王小明"), None), "王*"),
        (person(Some("王明"), None), "王*"),
        (person(Some("王"), None), "王*"),
        (person(Some("欧阳小明"), None), "欧*"),
        (person(Some("阿卜杜拉·买买提"), None), "阿*"),
        (person(Some("𠮷田"), None), "𠮷*"),
        (person(Some("王小明"), Some(latin("WANG", Some("XIAOMING")))), "王*"),
        (person(None, Some(latin("ERIKSSON", Some("ANNA MARIA")))), "E* A*"),
        (person(None, Some(latin("'T HOOFT", Some("-A")))), "T* A*"),
        (person(None, Some(latin("SUKARNO", None))), "S*"),
    ];
    for (name, expected) in table {
        assert_eq!(name.masked(), expected);
    }
}

proptest! {
    #[test]
    fn a_mask_tells_nothing_but_first_letters(
        chinese in "\\p{Han}{1,30}",
        surname in "[A-Z][A-Z' -]{0,38}",
        given in proptest::option::of("[A-Z][A-Z' -]{0,38}"),
    ) {
        // What a mask shows can be had from the first letters alone: nothing else of the name, its length included, is in it.
        let first = |name: &str| name.chars().next().expect("a letter").to_string();
        // The list of Han characters here is narrower than Unicode's.
        if let Ok(name) = ChineseName::parse(&chinese) {
            let shortest = person(Some(&first(name.as_str())), None).masked();
            let whole = PersonName::new(Some(name), None).expect("a name");
            prop_assert_eq!(whole.masked().chars().count(), 2);
            prop_assert_eq!(whole.masked(), shortest);
        }
        let whole = person(None, Some(latin(&surname, given.as_deref())));
        let shortest = person(None, Some(latin(&first(&surname), given.as_deref().map(first).as_deref())));
        prop_assert!(whole.masked().chars().count() <= 5);
        prop_assert_eq!(whole.masked(), shortest.masked());
    }
}

#[test]
fn one_name_proves_another_that_is_the_same_in_one_script() {
    let smith = || latin("Smith", Some("Anna"));
    let table = [
        (person(None, Some(smith())), person(None, Some(latin("SMITH", Some("AN-NA")))), true),
        (person(None, Some(smith())), person(Some("史安娜"), Some(smith())), true),
        (person(Some("史安娜"), Some(smith())), person(Some("史安娜"), None), true),
        (person(Some("史安娜"), Some(smith())), person(Some("史安娜"), Some(latin("Shi", None))), true),
        (person(None, Some(smith())), person(None, Some(latin("Smith", None))), false),
        (person(None, Some(smith())), person(None, Some(latin("Anna", Some("Smith")))), false),
        (person(None, Some(smith())), person(Some("史安娜"), None), false),
        (person(Some("史安"), None), person(Some("史安娜"), None), false),
    ];
    for (nth, (one, other, expected)) in table.into_iter().enumerate() {
        assert_eq!((one.also_proves(&other), other.also_proves(&one)), (expected, expected), "{nth}");
    }
}
