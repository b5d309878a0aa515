//! What is checked inside units: vacant ones 空置房 (S4 §6: at least once a month) and those being
//! renovated 装修 (S3: daily; S4: written down, passed on, followed up).

use super::{Point, count, normal, photo, point, reading, remark, safety, words};

pub(super) fn vacant_units() -> Vec<Point> {
    vec![
        point(
            "utilities",
            "水、电、气",
            [
                safety("gas", "other_repair", "燃气阀门已关，无异味、无泄漏"),
                safety("power", "electricity", "户内电源已断，配电箱完好、无焦味"),
                normal("water", "water_supply", "水阀已关，水表不走"),
            ],
        ),
        point(
            "rooms",
            "室内",
            [
                normal("doors", "door_window", "入户门、窗、阳台门关好，锁具玻璃完好"),
                normal("leaks", "leak", "厨卫、阳台、天花、外墙内侧无渗漏"),
                normal("walls", "wall_floor", "墙面无明显裂纹、无起鼓脱落"),
                normal("floors", "wall_floor", "地面无明显裂纹、无下沉"),
                normal("drains", "drainage", "地漏、下水畅通，无反味"),
                normal("people", "security", "无人留宿、无堆放杂物"),
            ],
        ),
        point(
            "summary",
            "登记",
            [
                reading("units", "", "巡视的空置房", "户", count()),
                words("rooms", "巡视的房号与发现的问题"),
                photo("view", "现状照片"),
                remark("told", "告知业主的情况"),
            ],
        ),
    ]
}

pub(super) fn renovation_sites() -> Vec<Point> {
    vec![
        point(
            "safety",
            "安全",
            [
                safety("hot_work", "fire", "动火有审批，有人看守，灭火器到位"),
                safety("smoking", "fire", "现场无吸烟、无明火做饭，易燃物分开存放"),
                safety("structure", "renovation", "未拆改承重墙、梁柱、楼板和外立面"),
                safety("gas", "renovation", "未改动燃气管道和消防设施"),
                safety("power", "electricity", "临时用电规范，无私拉乱接"),
            ],
        ),
        point(
            "permits",
            "证件与施工",
            [
                normal("permit", "renovation", "施工许可证张贴在门上，在有效期内"),
                normal("passes", "renovation", "施工人员佩戴出入证，人证相符"),
                normal("plan", "renovation", "施工内容与申报图纸一致"),
                normal("waterproof", "leak", "厨卫防水、闭水符合要求，未影响楼下"),
                normal("hours", "noise", "在允许时段内施工"),
                normal("lodging", "renovation", "无人留宿"),
            ],
        ),
        point(
            "public",
            "公共部位",
            [
                normal("waste", "renovation", "装修垃圾袋装、日产日清，无占用通道"),
                normal("protection", "renovation", "电梯、楼道、门框有保护，无损坏"),
                normal("drains", "drainage", "未向下水倾倒水泥、涂料"),
            ],
        ),
        point(
            "summary",
            "登记",
            [
                reading("sites", "", "巡查的装修户", "户", count()),
                words("violations", "违章情况、房号、口头或书面整改与复查"),
                photo("view", "现场照片"),
                remark("remark", "需告知的人员与跟进"),
            ],
        ),
    ]
}
