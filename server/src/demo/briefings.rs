//! The morning briefings of the last weeks. Today's is still to be held.

use chrono::Days;
use domain::modules::rounds::{BriefingLine, RecordBriefing};
use domain::time::{MINUTE, Zone};

use super::history::History;
use super::people::Staff;
use super::stream::Stream;

const DAYS: u64 = 30;

/// What is asked, of whom, and what they may have answered (S2: guard leader, technician, cleaning
/// lead, call centre, front desk).
const QUESTIONS: &[(&str, &[&str])] = &[
    (
        "秩序班长：夜间有无异常",
        &["正常", "地库入口道闸卡住一次，已手动抬杆", "凌晨有业主反映噪音，已上门劝导"],
    ),
    ("维修：未完工单进度", &["今天上午完成", "等配件，明天到", "已约业主下午上门"]),
    ("保洁主管：重点区域", &["正常", "大堂雨后加拖两遍", "垃圾房清运推迟半小时"]),
    ("呼叫中心：昨夜来电", &["无投诉", "两个停水咨询，已答复", "一个漏水报修，已转工单"]),
    ("前台：待答复的事项", &["没有", "装修押金退还一户，今天答复", "信箱来信一封，已登记"]),
];

pub fn fill(history: &mut History, chance: &mut Stream, staff: &Staff, zone: &Zone) {
    let today = zone.date(history.now);
    for cluster in super::estate::CLUSTERS {
        let steward = staff.steward(cluster.id());
        for back in (1..=DAYS).rev() {
            let Some(date) = today.checked_sub_days(Days::new(back)) else { continue };
            let nine = zone.instant(date.and_hms_opt(9, 0, 0).expect("nine in the morning exists"));
            let at = nine.plus(30 * MINUTE + chance.minutes(2, 18));
            let lines = QUESTIONS.iter().map(|(text, answers)| BriefingLine {
                text: (*text).to_owned(),
                ticked: true,
                // Most mornings there is nothing to tell.
                note: (if chance.chance(60) { answers[0] } else { chance.pick(answers) })
                    .to_owned(),
                ..BriefingLine::default()
            });
            let lines = lines.collect();
            let briefing =
                RecordBriefing { cluster: cluster.id(), date, lines, listed: Vec::new() };
            history.add(chance, steward, at, briefing);
        }
    }
}
