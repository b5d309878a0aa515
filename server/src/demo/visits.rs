//! A year of visits, with a few promised answers still to be given.

use chrono::Days;
use domain::id::VisitId;
use domain::modules::visits::{AnswerVisit, RecordVisit, Topic, VisitResult, VisitWay};
use domain::time::{DAY, Ms, Zone};

use super::estate::Unit;
use super::history::History;
use super::people::Staff;
use super::stream::Stream;

const WORDS: &[(Topic, &str)] = &[
    (Topic::Greeting, "电梯口遇到业主，问候并提醒近期停水时间"),
    (Topic::Need, "老人行动不便，希望协助联系上门量血压服务"),
    (Topic::Need, "询问地下车库充电桩安装进度"),
    (Topic::Opinion, "认为保洁频次可以增加，周末楼道垃圾清理偏晚"),
    (Topic::Opinion, "反映儿童游乐区晚间照明偏暗"),
    (Topic::Praise, "表扬维修师傅上门及时，收拾得很干净"),
    (Topic::Praise, "感谢门岗帮忙搬运行李"),
    (Topic::Need, "询问装修验收和押金退还流程"),
];

pub fn fill(
    history: &mut History,
    chance: &mut Stream,
    staff: &Staff,
    units: &[Unit],
    zone: &Zone,
) {
    let today = history.now.0.div_euclid(DAY);
    for cluster in super::estate::CLUSTERS {
        let steward = staff.steward(cluster.id());
        let own: Vec<&Unit> = units.iter().filter(|unit| unit.cluster == cluster.id()).collect();
        for day in today - 365..=today {
            for _ in 0..chance.between(1, 3) {
                let at = Ms(day * DAY + chance.minutes(30, 10 * 60));
                let unit = *chance.pick(&own);
                let (topic, words) = *chance.pick(WORDS);
                // Questions of the last days are still open; older ones have had their answer.
                let promised = topic == Topic::Need && chance.chance(40);
                let result = if promised {
                    VisitResult::Promised {
                        by: zone.date(at) + Days::new(1 + chance.below(3) as u64),
                    }
                } else if matches!(topic, Topic::Need | Topic::Opinion) {
                    VisitResult::Answered
                } else {
                    VisitResult::Nothing
                };
                let visit = VisitId(chance.uuid(at));
                let command = RecordVisit {
                    visit,
                    cluster: unit.cluster,
                    unit: Some(unit.id),
                    place: unit.label.clone(),
                    way: *chance.pick(&[
                        VisitWay::Door,
                        VisitWay::OnTheWay,
                        VisitWay::OnTheWay,
                        VisitWay::Phone,
                    ]),
                    met: unit.contact.clone(),
                    topics: vec![topic],
                    note: words.into(),
                    result,
                    attachments: Vec::new(),
                };
                let noted = history.add(chance, steward, at, command);
                if noted && promised {
                    let text = "已向业主电话答复，业主表示清楚".to_owned();
                    let later = at.plus(chance.minutes(22 * 60, 60 * 60));
                    history.add(chance, steward, later, AnswerVisit { visit, text });
                }
            }
        }
    }
}
