//! Addresses that say nothing: "undecided", "hotel", "待定", "隔离酒店".
//!
//! China's Customs counts such words as no address. A text is refused when it holds **nothing but** words of the lists
//! below. Looking for a word inside the text would refuse 无名路1号 (Wuming Road), 酒店路 and No Man's Lane.
//!
//! Owns: the lists. They are data to be extended by whoever sees new evasions. Does not own: length and characters.

use unicode_normalization::UnicodeNormalization as _;

use crate::form::text::is_han;

/// Chinese words that say nothing about a place, simplified and traditional. Particles and verbs stand in the list so
/// that sentences made of them (到时候再说, 我还没有确定住在哪里) are seen through.
const HAN: &[&str] = &[
    // No answer.
    "无",
    "無",
    "没有",
    "沒有",
    "没",
    "沒",
    "暂无",
    "暫無",
    "暂",
    "暫",
    "空",
    "空白",
    "略",
    "否",
    "其他",
    "测试",
    // Not decided.
    "未定",
    "待定",
    "未",
    "待",
    "尚",
    "还",
    "還",
    "不",
    "确定",
    "確定",
    "决定",
    "決定",
    "确认",
    "確認",
    "定",
    "安排",
    "通知",
    "补充",
    "補充",
    "填写",
    "填寫",
    "选择",
    "選擇",
    "预订",
    "預訂",
    "预定",
    "預定",
    "等",
    "等待",
    "听从",
    "聽從",
    "服从",
    "服從",
    "统一",
    "統一",
    "政府",
    "社区",
    "社區",
    "单位",
    "單位",
    "公司",
    "再说",
    "再說",
    "到时",
    "到時",
    "时候",
    "時候",
    "候",
    "另行",
    "入境",
    "抵达",
    "抵達",
    "到达",
    "到達",
    "后",
    "後",
    "以后",
    "以後",
    "之后",
    "之後",
    // Not known.
    "未知",
    "不明",
    "不详",
    "不詳",
    "不清楚",
    "清楚",
    "知道",
    "详",
    "詳",
    "忘记",
    "忘記",
    "忘了",
    "了",
    // Elsewhere on the form.
    "同上",
    "同前",
    "同",
    "上",
    "如上",
    "如前",
    "见上",
    "見上",
    // A kind of place and no place.
    "地址",
    "住址",
    "地点",
    "地點",
    "住处",
    "住處",
    "住所",
    "住宿",
    "具体",
    "具體",
    "详细",
    "詳細",
    "目的地",
    "哪里",
    "哪裡",
    "酒店",
    "宾馆",
    "賓館",
    "旅馆",
    "旅館",
    "旅店",
    "饭店",
    "飯店",
    "民宿",
    "客栈",
    "客棧",
    "招待所",
    "公寓",
    "宿舍",
    "出租屋",
    "隔离",
    "隔離",
    "集中",
    "指定",
    "定点",
    "定點",
    "点",
    "點",
    "观察",
    "觀察",
    "居家",
    "家",
    "家里",
    "家裡",
    "家中",
    "自己",
    "自家",
    "本人",
    "我",
    "朋友",
    "亲友",
    "親友",
    "亲戚",
    "親戚",
    "亲属",
    "親屬",
    "父母",
    "的",
    "在",
    "住",
    "去",
    "到",
    "于",
    "於",
    "附近",
    "市区",
    "市區",
    "市内",
    "市內",
    "当地",
    "當地",
    "本地",
    "本市",
    "某",
];

/// English words that say nothing about a place; `n`, `a` and `t` are left of "n/a" and "don't".
const LATIN: &[&str] = &[
    // No answer.
    "n",
    "a",
    "na",
    "nil",
    "no",
    "none",
    "not",
    "null",
    "nothing",
    "nowhere",
    "empty",
    "blank",
    "test",
    "other",
    // Not decided.
    "undecided",
    "undetermined",
    "unconfirmed",
    "pending",
    "later",
    "tbd",
    "tba",
    "tbc",
    "to",
    "be",
    "is",
    "will",
    "determined",
    "decided",
    "confirmed",
    "announced",
    "advised",
    "arranged",
    "assigned",
    "booked",
    "provided",
    "yet",
    "still",
    "soon",
    "after",
    "on",
    "arrival",
    "by",
    "government",
    "company",
    "available",
    "applicable",
    // Not known.
    "unknown",
    "known",
    "unsure",
    "sure",
    "idk",
    "i",
    "do",
    "don",
    "t",
    "dont",
    "know",
    "have",
    "any",
    "m",
    "am",
    // Elsewhere on the form.
    "same",
    "as",
    "above",
    "see",
    "ditto",
    "before",
    "previous",
    "mentioned",
    // A kind of place and no place.
    "address",
    "addr",
    "location",
    "place",
    "destination",
    "where",
    "accommodation",
    "lodging",
    "residence",
    "stay",
    "staying",
    "hotel",
    "hotels",
    "hostel",
    "motel",
    "inn",
    "guesthouse",
    "guest",
    "airbnb",
    "apartment",
    "dormitory",
    "dorm",
    "quarantine",
    "isolation",
    "centralized",
    "centralised",
    "central",
    "designated",
    "facility",
    "centre",
    "center",
    "site",
    "point",
    "home",
    "house",
    "at",
    "in",
    "of",
    "the",
    "an",
    "my",
    "own",
    "our",
    "s",
    "friend",
    "friends",
    "family",
    "relative",
    "relatives",
    "parents",
    "nearby",
    "near",
    "downtown",
    "city",
    "district",
    "local",
];

/// Names of what the division code says already.
const HAN_DIVISIONS: &[&str] = &[
    "中国", "中國", "广东", "廣東", "省", "佛山", "市", "禅城", "禪城", "南海", "顺德", "順德", "三水",
    "高明", "区", "區",
];

const LATIN_DIVISIONS: &[&str] = &[
    "china",
    "prc",
    "cn",
    "guangdong",
    "canton",
    "province",
    "foshan",
    "chancheng",
    "nanhai",
    "shunde",
    "sanshui",
    "gaoming",
    "gd",
    "fs",
];

/// Whether `text` holds nothing but words that tell nothing.
pub(crate) fn says_nothing(text: &str) -> bool {
    consists_of(text, &[HAN], &[LATIN])
}

/// Whether `text` tells no more about a place than the city and its district do, or is one key held down.
pub(crate) fn says_no_place(text: &str) -> bool {
    is_one_character_repeated(text) || consists_of(text, &[HAN, HAN_DIVISIONS], &[LATIN, LATIN_DIVISIONS])
}

fn consists_of(text: &str, han: &[&[&str]], latin: &[&[&str]]) -> bool {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    folded.split(|c: char| !c.is_alphanumeric()).flat_map(by_script).all(|word| {
        if word.starts_with(is_han) {
            splits_into(word, han)
        } else {
            latin.iter().any(|list| list.contains(&word))
        }
    })
}

fn is_one_character_repeated(text: &str) -> bool {
    let mut characters = text.chars().filter(|c| c.is_alphanumeric());
    let first = characters.next();
    characters.all(|c| Some(c) == first)
}

/// Cuts `hotel待定` into `hotel` and `待定`: people mix scripts without a blank.
fn by_script(run: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = run;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_han(c) != is_han(first)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        words.push(word);
        rest = tail;
    }
    words
}

/// Whether `run`, which has no blanks to cut at, is a sequence of listed words.
fn splits_into(run: &str, lists: &[&[&str]]) -> bool {
    // Byte offsets up to which the run is such a sequence; a longest-match walk would miss some.
    let mut reached = vec![false; run.len() + 1];
    reached[0] = true;
    for (start, _) in run.char_indices() {
        if reached[start] {
            for word in lists.iter().copied().flatten().filter(|word| run[start..].starts_with(**word)) {
                reached[start + word.len()] = true;
            }
        }
    }
    reached[run.len()]
}

#[cfg(test)]
mod tests {
    use super::{says_no_place, says_nothing};
    use proptest::prelude::*;

    const NO_PLACE: [&str; 50] = [
        "",
        "待定",
        "无",
        "無",
        "未定",
        "暂无",
        "不详",
        "未知",
        "同上",
        "酒店",
        "隔离酒店",
        "隔離酒店",
        "集中隔离点",
        "住酒店",
        "酒店（待定）",
        "佛山市酒店",
        "广东省佛山市南海区",
        "佛山市顺德区某酒店",
        "我还没有确定住在哪里",
        "到时候再说",
        "听从政府安排",
        "不知道",
        "没有地址",
        "地址不详",
        "朋友家",
        "在朋友家住",
        "本人住所",
        "hotel待定",
        "Hotel",
        "HOTEL",
        "ｈｏｔｅｌ",
        "undecided",
        "Undecided?",
        "no address",
        "N/A",
        "n.a.",
        "none",
        "NONE!",
        "same as above",
        "To be determined",
        "TBD",
        "not decided yet",
        "I don't know",
        "I don’t know yet",
        "quarantine hotel",
        "Foshan, Guangdong, China",
        "a hotel in Foshan",
        "-",
        "xxxxx",
        "11111",
    ];

    const PLACES: [&str; 18] = [
        "无名路1号",
        "無名路1號",
        "酒店路2号",
        "季华五路1号",
        "佛山市禅城区季华五路1号酒店",
        "待定岗村3号",
        "无忧花园",
        "佛山宾馆汾江南路75号",
        "顺德区大良街道德胜东路1号",
        "上元村12号",
        "Hotel Road 5",
        "No. 1 Nowhere Lane",
        "1 Jihua Road",
        "12 No Name Road",
        "Foshan Marriott",
        "Room 101",
        "同济路88号",
        "南海大道北12号",
    ];

    #[test]
    fn nothing_but_fillers_is_no_place() {
        for text in NO_PLACE {
            assert!(says_no_place(text), "{text:?}");
        }
    }

    #[test]
    fn genuine_streets_with_such_words_in_them_pass() {
        for text in PLACES {
            assert!(!says_no_place(text), "{text:?}");
        }
    }

    #[test]
    fn a_hotel_may_be_named_after_the_city() {
        for text in ["佛山宾馆", "Foshan Hotel", "南海酒店"] {
            assert!(says_no_place(text) && !says_nothing(text), "{text:?}");
        }
        for text in ["酒店", "隔离酒店", "Hotel", "the hotel", "待定"] {
            assert!(says_nothing(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged_and_a_house_number_is_always_something(text in any::<String>(), road in "[路街道巷]{1}") {
            says_no_place(&text);
            let with_number = format!("{text} {road}12号");
            prop_assert!(!says_no_place(&with_number));
        }
    }
}
