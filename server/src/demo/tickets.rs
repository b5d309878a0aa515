//! A year of tickets, from the call to the return visit.

use domain::Fen;
use domain::id::{ClusterId, TicketId};
use domain::modules::attachments::AttachmentRole;
use domain::modules::tickets::{
    AcceptTicket, AssignTicket, CONDUCT, CloseTicket, CompleteTicket, Intake, LineKind, OpenTicket,
    Origin, Place, PricedLine, RecordReturnVisit, ResumeTicket, StartTicket, TicketContact,
    TicketKind, Urgency, WaitReason, WaitTicket,
};
use domain::time::{DAY, HOUR, MINUTE, Ms};

use super::estate::Unit;
use super::history::History;
use super::people::{Member, Staff};
use super::pictures;
use super::stream::Stream;

/// What customers say: (kind, category, words).
const AT_HOME: &[(TicketKind, &str, &str)] = &[
    (TicketKind::Repair, "leak", "厨房水槽下方渗水，柜底板已泡湿，业主要求尽快处理"),
    (TicketKind::Repair, "leak", "主卫天花有水渍，疑似楼上漏水，请上门查看"),
    (TicketKind::Repair, "leak", "阳台地漏返水，拖把池下方一直滴水"),
    (TicketKind::Repair, "water_supply", "热水角阀关不严，用水后持续滴漏"),
    (TicketKind::Repair, "water_supply", "厨房水压明显变小，隔壁正常"),
    (TicketKind::Repair, "drainage", "洗手间下水缓慢，有异味"),
    (TicketKind::Repair, "drainage", "厨房下水管堵塞，水漫到地面"),
    (TicketKind::Repair, "electricity", "客厅插座跳闸，合上后几分钟又跳"),
    (TicketKind::Repair, "electricity", "入户空开发热，有轻微焦味"),
    (TicketKind::Repair, "door_window", "入户门锁转动困难，钥匙插入后卡住"),
    (TicketKind::Repair, "door_window", "卧室推拉窗滑轮脱轨，关不严漏风"),
    (TicketKind::Repair, "access_control", "可视对讲无画面，访客按门铃无反应"),
    (TicketKind::Repair, "wall_floor", "次卧墙面空鼓开裂约二十厘米"),
    (TicketKind::Repair, "lighting", "玄关感应灯不亮，已换灯泡无效"),
    (TicketKind::Complaint, "noise", "楼上装修午休时间电钻施工，已多次沟通未果"),
    (TicketKind::Complaint, "parking", "固定车位连续三天被外来车辆占用"),
    (TicketKind::Complaint, "cleaning", "楼道堆放装修垃圾多日无人清运"),
    (TicketKind::Complaint, "security", "陌生推销人员上楼敲门，门岗未登记"),
    (TicketKind::Complaint, "staff_conduct", "前台接电话态度生硬，报修问题未解释清楚"),
    (TicketKind::Complaint, "renovation", "隔壁装修改动阳台结构，担心安全"),
    (TicketKind::Enquiry, "fees", "咨询本季度物业费构成及银行代扣办理方式"),
    (TicketKind::Enquiry, "parking", "咨询子母车位月租费用和办理流程"),
    (TicketKind::Enquiry, "renovation", "咨询装修许可办理需要的资料和押金标准"),
    (TicketKind::Request, "greening", "建议修剪窗前乔木，遮挡采光"),
    (TicketKind::Request, "other_service", "希望在单元门口增设快递存放架"),
    (TicketKind::Request, "security", "建议夜间增加东侧围墙巡逻频次"),
    (TicketKind::PaidService, "other_repair", "请安装厨房净水器一台，材料自备"),
    (TicketKind::PaidService, "lighting", "请更换客厅吸顶灯，需带梯子"),
];

/// What a repair came to: (cause, action, line, fen).
const WORK: &[(&str, &str, &str, i64)] = &[
    ("阀芯老化", "更换阀芯并试水十分钟，无渗漏", "角阀 DN15", 3_500),
    ("密封胶失效", "清理旧胶，重新打防霉密封胶", "防霉密封胶", 2_500),
    ("接线端子松动", "紧固端子，测量绝缘正常", "绝缘胶带", 500),
    ("管道堵塞", "机械疏通，冲水测试通畅", "疏通", 10_000),
    ("锁芯磨损", "更换锁芯，交付钥匙五把", "C级锁芯", 8_500),
    ("滑轮磨损", "更换滑轮两只，调整窗扇", "滑轮", 1_800),
    ("驱动电源损坏", "更换驱动电源，照明恢复", "LED 驱动", 2_800),
];

const SERVED: &[&str] = &[
    "已现场核实并与业主当面沟通，双方认可处理方式",
    "已通知责任部门整改，复查合格后回复业主",
    "已向业主说明规定和依据，业主表示理解",
    "已协调相关业主达成一致，今后按约定时段执行",
];

/// One ticket, before anything happened to it.
pub struct NewTicket {
    pub id: TicketId,
    pub cluster: ClusterId,
    pub kind: TicketKind,
    pub category: String,
    pub place: Place,
    pub contact: TicketContact,
    pub description: String,
    pub intake: Intake,
    pub origin: Option<Origin>,
}

/// A year of tickets from customers.
pub fn fill(history: &mut History, chance: &mut Stream, staff: &Staff, units: &[Unit]) {
    let lived_in: Vec<&Unit> = units.iter().filter(|unit| unit.status.is_occupied()).collect();
    let others: Vec<&Unit> = units.iter().filter(|unit| !unit.status.is_occupied()).collect();
    let first_day = history.now.0.div_euclid(DAY) - 365;
    let last_day = history.now.0.div_euclid(DAY);
    for day in first_day..=last_day {
        for _ in 0..chance.between(12, 24) {
            // 08:00 to 21:00 in Shanghai is 00:00 to 13:00 UTC.
            let at = Ms(day * DAY + chance.minutes(0, 13 * 60));
            let unit =
                if chance.chance(82) { chance.pick(&lived_in) } else { chance.pick(&others) };
            let (kind, category, words) = *chance.pick(AT_HOME);
            let ticket = NewTicket {
                id: TicketId(chance.uuid(at)),
                cluster: unit.cluster,
                kind,
                category: category.into(),
                place: Place { unit: Some(unit.id), label: unit.label.clone() },
                contact: TicketContact { name: unit.contact.clone(), phone: unit.phone.clone() },
                description: words.into(),
                intake: if chance.chance(70) { Intake::Phone } else { Intake::Counter },
                origin: None,
            };
            let by =
                if chance.chance(80) { staff.get("kefu1") } else { staff.steward(unit.cluster) };
            open(history, chance, staff, by, at, ticket);
        }
    }
    stragglers(history, chance, staff, &lived_in);
}

/// Whatever the hour, some work is under way, some is nearly late and some is late.
fn stragglers(history: &mut History, chance: &mut Stream, staff: &Staff, units: &[&Unit]) {
    for hours in [2, 5, 9, 14, 18, 19, 21, 22, 23, 26, 31] {
        let at = history.now.plus(-hours * HOUR - chance.minutes(1, 40));
        let unit = *chance.pick(units);
        let (kind, category, words) = AT_HOME[chance.below(14)];
        let id = TicketId(chance.uuid(at));
        let command = OpenTicket {
            ticket: id,
            cluster: unit.cluster,
            kind,
            category: category.into(),
            urgency: if hours < 6 { Urgency::Urgent } else { Urgency::Normal },
            intake: Intake::Phone,
            place: Place { unit: Some(unit.id), label: unit.label.clone() },
            contact: TicketContact { name: unit.contact.clone(), phone: unit.phone.clone() },
            description: words.into(),
            photos: Vec::new(),
            origin: None,
        };
        history.add(chance, staff.get("kefu1"), at, command);
        if hours > 4 {
            let technician = staff.technicians()[chance.below(3)];
            let assign =
                AssignTicket { ticket: id, to: technician.actor.user, note: String::new() };
            history.add(chance, staff.get("zhuguan1"), at.plus(6 * MINUTE), assign);
            if hours > 12 {
                history.add(chance, technician, at.plus(25 * MINUTE), AcceptTicket { ticket: id });
            }
            if hours > 20 {
                history.add(chance, technician, at.plus(90 * MINUTE), StartTicket { ticket: id });
            }
        }
    }
}

/// Opens a ticket and lets it run its course.
pub fn open(
    history: &mut History,
    chance: &mut Stream,
    staff: &Staff,
    by: &Member,
    at: Ms,
    ticket: NewTicket,
) {
    let urgency = match chance.below(20) {
        0 => Urgency::Emergency,
        1..=4 => Urgency::Urgent,
        _ => Urgency::Normal,
    };
    let photos = if chance.chance(35) {
        vec![pictures::of(&ticket.category, AttachmentRole::Photo, at)]
    } else {
        Vec::new()
    };
    let command = OpenTicket {
        ticket: ticket.id,
        cluster: ticket.cluster,
        kind: ticket.kind,
        category: ticket.category.clone(),
        urgency,
        intake: ticket.intake,
        place: ticket.place.clone(),
        contact: ticket.contact.clone(),
        description: ticket.description.clone(),
        photos,
        origin: ticket.origin.clone(),
    };
    if !history.add(chance, by, at, command) {
        return;
    }
    // Relayed within ten minutes, as a rule.
    let relay = if chance.chance(93) { chance.minutes(2, 9) } else { chance.minutes(12, 50) };
    let assigned = at.plus(relay + 5_000);
    let worker = if ticket.kind.is_technical() {
        staff.technicians()[chance.below(3)]
    } else {
        staff.steward(ticket.cluster)
    };
    let assign = AssignTicket { ticket: ticket.id, to: worker.actor.user, note: String::new() };
    if history.add(chance, staff.get("zhuguan1"), assigned, assign) {
        work(history, chance, staff, worker, assigned, &ticket, 0);
    }
}

fn work(
    history: &mut History,
    chance: &mut Stream,
    staff: &Staff,
    worker: &Member,
    assigned: Ms,
    ticket: &NewTicket,
    attempt: u32,
) {
    let id = ticket.id;
    let accepted = assigned.plus(chance.minutes(92, 120));
    if !history.add(chance, worker, accepted, AcceptTicket { ticket: id }) {
        return;
    }
    let mut started = accepted.plus(chance.minutes(10, 300));
    if !history.add(chance, worker, started, StartTicket { ticket: id }) {
        return;
    }
    if chance.chance(9) {
        let waiting = started.plus(chance.minutes(10, 40));
        let reason = *chance.pick(&[WaitReason::Parts, WaitReason::Owner, WaitReason::ThirdParty]);
        let until = Some(waiting.plus(chance.between(1, 3) * DAY));
        let note = match reason {
            WaitReason::Parts => "缺配件，已报仓库采购",
            WaitReason::Owner => "业主出差，约定返回后上门",
            WaitReason::ThirdParty => "需电梯维保单位到场",
        };
        let wait = WaitTicket { ticket: id, reason, until, note: note.into() };
        if !history.add(chance, worker, waiting, wait) {
            return;
        }
        started = waiting.plus(chance.minutes(20 * 60, 60 * 60));
        if !history.add(chance, worker, started, ResumeTicket { ticket: id }) {
            return;
        }
    }
    let done = started.plus(chance.minutes(100, 200));
    let completion = complete(chance, ticket, done);
    if !history.add(chance, worker, done, completion) {
        return;
    }
    after(history, chance, staff, worker, done, ticket, attempt);
}

fn complete(chance: &mut Stream, ticket: &NewTicket, at: Ms) -> CompleteTicket {
    let technical = ticket.kind.is_technical();
    let (cause, action, line, fen) = *chance.pick(WORK);
    let mut attachments = Vec::new();
    let mut lines = Vec::new();
    if technical {
        attachments.push(pictures::of(&ticket.category, AttachmentRole::Before, at));
        attachments.push(pictures::of(&ticket.category, AttachmentRole::After, at));
        if ticket.place.unit.is_some() && chance.chance(60) {
            lines.push(PricedLine {
                what: LineKind::Material,
                name: line.into(),
                unit: "件".into(),
                quantity: 1_000,
                price: Fen(fen),
            });
            lines.push(PricedLine {
                what: LineKind::Labour,
                name: "人工".into(),
                unit: "小时".into(),
                quantity: 500,
                price: Fen(8_000),
            });
        }
    }
    let signed = !ticket.contact.name.is_empty() && chance.chance(88);
    if signed {
        attachments.push(pictures::signature(chance.below(3), at));
    }
    let unsigned = if ticket.place.unit.is_some() {
        "业主不在家，已电话确认"
    } else {
        "公共区域"
    };
    CompleteTicket {
        ticket: ticket.id,
        conduct: if ticket.place.unit.is_some() {
            CONDUCT.iter().map(|code| (*code).to_owned()).collect()
        } else {
            Vec::new()
        },
        not_applicable: Vec::new(),
        cause: if technical { cause.into() } else { String::new() },
        action: if technical { action.into() } else { (*chance.pick(SERVED)).into() },
        lines,
        attachments,
        signed_by: if signed { ticket.contact.name.clone() } else { String::new() },
        unsigned_reason: if signed { String::new() } else { unsigned.into() },
    }
}

/// The return visit, or the close of what needs none.
fn after(
    history: &mut History,
    chance: &mut Stream,
    staff: &Staff,
    worker: &Member,
    done: Ms,
    ticket: &NewTicket,
    attempt: u32,
) {
    let asked = matches!(
        ticket.kind,
        TicketKind::Repair | TicketKind::Complaint | TicketKind::Request | TicketKind::PaidService
    ) && (ticket.place.unit.is_some() || !ticket.contact.name.is_empty());
    if !asked {
        let closed = done.plus(chance.minutes(95, 900));
        let note = "现场复核合格".to_owned();
        history.add(chance, staff.get("zhuguan1"), closed, CloseTicket { ticket: ticket.id, note });
        return;
    }
    let visited = done.plus(chance.minutes(100, 22 * 60));
    let solved = attempt > 0 || chance.chance(95);
    let score = if solved { *chance.pick(&[5, 5, 5, 4, 4, 3]) } else { *chance.pick(&[1, 2]) };
    let note = if solved {
        String::new()
    } else {
        "业主反映问题复发，需再次上门".to_owned()
    };
    let by = if chance.chance(70) { staff.get("kefu1") } else { staff.steward(ticket.cluster) };
    let visit = RecordReturnVisit { ticket: ticket.id, solved, score, note };
    if history.add(chance, by, visited, visit) && !solved {
        work(history, chance, staff, worker, visited, ticket, attempt + 1);
    }
}
