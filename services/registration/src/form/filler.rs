//! Addresses that say nothing: "undecided", "hotel", "待定", "隔离酒店".
//!
//! China's Customs counts such words as no address. A text is refused when it holds **nothing but** words of the lists
//! below. Looking for a word inside the text would refuse 无名路1号 (Wuming Road), 酒店路 and No Man's Lane.
//!
//! Owns: the lists. They are data, to be extended by whoever sees new evasions. Does not own: length and characters.

use unicode_normalization::UnicodeNormalization as _;

use crate::form::text::is_han;

/// Words of one meaning: Chinese in simplified and traditional characters, English in lower case, blanks between.
///
/// Particles and verbs stand in the lists so that sentences made of them are seen through (我还没有确定住在哪里). What is
/// left of "n/a" and "don't" are the letters.
struct Words {
    han: &'static str,
    latin: &'static str,
}

/// No answer, not decided, not known, or elsewhere on the form.
const NO_ANSWER: Words = Words {
    han: "无 無 没有 沒有 没 沒 暂无 暫無 暂 暫 空 空白 略 否 其他 测试 未定 待定 未 待 尚 还 還 不 确定 確定 决定 \
          決定 确认 確認 定 安排 通知 补充 補充 填写 填寫 选择 選擇 预订 預訂 预定 預定 等 等待 听从 聽從 服从 服從 \
          统一 統一 政府 再说 再說 到时 到時 时候 時候 候 另行 入境 抵达 抵達 到达 到達 后 後 以后 以後 之后 之後 \
          未知 不明 不详 不詳 不清楚 清楚 知道 详 詳 忘记 忘記 忘了 了 同上 同前 同 上 如上 如前 见上 見上 地址 住址 \
          地点 地點 住处 住處 住所 住宿 具体 具體 详细 詳細 目的地",
    latin: "n a na nil no none not null nothing nowhere empty blank test other undecided undetermined unconfirmed \
            pending later tbd tba tbc to be is will determined decided confirmed announced advised arranged assigned \
            booked provided yet still soon after on arrival by government available applicable unknown known unsure \
            sure idk i do don t dont know have any m am same as above see ditto before previous mentioned address addr \
            location place destination where accommodation lodging",
};

/// A kind of place to stay, of which there are many.
const KINDS: Words = Words {
    han: "酒店 宾馆 賓館 旅馆 旅館 旅店 饭店 飯店 民宿 客栈 客棧 招待所 公寓 宿舍 出租屋 隔离 隔離 集中 指定 定点 定點 \
          点 點 观察 觀察 某",
    latin: "a an the hotel hotels hostel motel inn guesthouse airbnb apartment dormitory dorm quarantine isolation \
            centralized centralised designated facility",
};

/// Somewhere. Not for names of hotels: there are chains called Home Inn and City Inn.
const WHEREABOUTS: Words = Words {
    han: "家 家里 家裡 家中 居家 自己 自家 本人 我 朋友 亲友 親友 亲戚 親戚 亲属 親屬 父母 公司 单位 單位 社区 社區 的 在 \
          住 去 到 于 於 哪里 哪裡 附近 市区 市區 市内 市內 当地 當地 本地 本市",
    latin: "home house residence stay staying guest company at in of my own our s friend friends family relative \
            relatives parents nearby near central centre center downtown city district local site point",
};

/// What the division code says already. Not for names of hotels: the Foshan Hotel (佛山宾馆) is one.
const DIVISIONS: Words = Words {
    han: "中国 中國 广东 廣東 省 佛山 市 禅城 禪城 南海 顺德 順德 三水 高明 区 區",
    latin: "china prc cn guangdong canton gd province foshan fs chancheng nanhai shunde sanshui gaoming",
};

/// The longest address, in characters.
const MAX_JUDGED: usize = 200;

/// Whether `text` names no hotel.
pub(crate) fn says_no_name(text: &str) -> bool {
    consists_of(text, &[NO_ANSWER, KINDS])
}

/// Whether `text` tells no more about a place than the city and its district do, or is one key held down.
pub(crate) fn says_no_place(text: &str) -> bool {
    is_one_character_repeated(text) || consists_of(text, &[NO_ANSWER, KINDS, WHEREABOUTS, DIVISIONS])
}

/// A text that is too long for any field is not judged: it is refused anyway, and judging takes time.
fn consists_of(text: &str, lists: &[Words]) -> bool {
    if text.chars().nth(MAX_JUDGED).is_some() {
        return false;
    }
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    folded.split(|c: char| !c.is_alphanumeric()).flat_map(by_script).all(|word| {
        if word.starts_with(is_han) {
            splits_into(word, lists)
        } else {
            lists.iter().any(|list| list.latin.split(' ').any(|listed| listed == word))
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
fn splits_into(run: &str, lists: &[Words]) -> bool {
    // Byte offsets up to which the run is such a sequence; a longest-match walk would miss some.
    let mut reached = vec![false; run.len() + 1];
    reached[0] = true;
    for (start, _) in run.char_indices() {
        if reached[start] {
            let listed = lists.iter().flat_map(|list| list.han.split(' '));
            for word in listed.filter(|word| run[start..].starts_with(word)) {
                reached[start + word.len()] = true;
            }
        }
    }
    reached[run.len()]
}

#[cfg(test)]
mod tests {
    use super::{says_no_name, says_no_place};
    use proptest::prelude::*;

    const NO_PLACES: &str = "待定|无|無|未定|暂无|不详|未知|同上|酒店|隔离酒店|隔離酒店|集中隔离点|住酒店|酒店（待定）|\
        佛山市酒店|广东省佛山市南海区|佛山市顺德区某酒店|我还没有确定住在哪里|到时候再说|听从政府安排|不知道|没有地址|\
        地址不详|朋友家|在朋友家住|公司宿舍|本人住所|hotel待定|Hotel|HOTEL|ｈｏｔｅｌ|undecided|Undecided?|no address|N/A|n.a.|\
        none|NONE!|same as above|To be determined|TBD|not decided yet|I don't know|I don’t know yet|quarantine hotel|\
        Foshan, Guangdong, China|a hotel in Foshan|my friend's home|-|……|xxxxx|11111|";

    const PLACES: &str = "无名路1号|無名路1號|酒店路2号|季华五路1号|佛山市禅城区季华五路1号酒店|待定岗村3号|无忧花园|\
        佛山宾馆汾江南路75号|顺德区大良街道德胜东路1号|上元村12号|同济路88号|南海大道北12号|Hotel Road 5|\
        No. 1 Nowhere Lane|1 Jihua Road|12 No Name Road|Foshan Marriott|Room 101";

    #[test]
    fn nothing_but_fillers_is_no_place() {
        for text in NO_PLACES.split('|') {
            assert!(says_no_place(text), "{text:?}");
        }
    }

    #[test]
    fn genuine_streets_with_such_words_in_them_pass() {
        for text in PLACES.split('|') {
            assert!(!says_no_place(text), "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_for_an_address_is_left_to_the_rule_of_length() {
        assert!(says_no_place(&"待定".repeat(100)));
        assert!(!says_no_place(&"待定".repeat(101)));
    }

    #[test]
    fn a_hotel_is_told_from_all_hotels() {
        for text in ["佛山宾馆", "Foshan Hotel", "Home Inn", "City Hotel", "南海酒店", "如家酒店", "88"]
        {
            assert!(!says_no_name(text), "{text:?}");
        }
        for text in ["酒店", "隔离酒店", "某酒店", "Hotel", "the hotel", "待定", "N/A", "...", ""]
        {
            assert!(says_no_name(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_house_number_is_always_something(text in any::<String>()) {
            let with_number = format!("{text} 号12");
            prop_assert!(!says_no_place(&with_number) && !says_no_name(&with_number));
        }

        #[test]
        fn fillers_in_any_order_are_fillers(words in prop::collection::vec("无|酒店|待定| hotel | tbd |佛山|, ", 0..9)) {
            prop_assert!(says_no_place(&words.concat()));
        }
    }
}
