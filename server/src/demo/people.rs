//! The demo company's staff, and made-up names for its owners and tenants.

use std::sync::{Arc, LazyLock};

use domain::id::{ClusterId, DeviceId};
use domain::modules::accounts::CreateAccount;
use domain::{Actor, Role};
use serde_json::json;

use super::estate::CLUSTERS;
use super::stream::Stream;

/// Password of every demo account; a real company never has it.
pub const PASSWORD: &str = "demo-2011";

/// (account, name, roles, cluster code for stewards).
pub const STAFF: &[(&str, &str, &[Role], Option<&str>)] = &[
    ("guanjia1", "林晓梅", &[Role::Steward], Some("A")),
    ("guanjia2", "王建平", &[Role::Steward], Some("B")),
    ("guanjia3", "陈思远", &[Role::Steward], Some("C")),
    ("guanjia4", "赵敏华", &[Role::Steward], Some("D")),
    ("guanjia5", "周文静", &[Role::Steward], Some("F")),
    ("weixiu1", "李国强", &[Role::Technician], None),
    ("weixiu2", "张志明", &[Role::Technician], None),
    ("weixiu3", "刘大勇", &[Role::Technician], None),
    ("menwei1", "孙德胜", &[Role::Guard], None),
    ("kefu1", "何雨桐", &[Role::FrontDesk], None),
    ("zhuguan1", "林志远", &[Role::Supervisor], None),
    ("caiwu1", "吴佳宁", &[Role::Cashier], None),
    ("jingli1", "郑立新", &[Role::Manager], None),
    ("admin1", "管理员", &[Role::Admin], None),
];

/// The accounts as the sign-in page reads them: `{"password":…,"accounts":[{account,name,role}]}`.
pub fn accounts_json() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| {
        let account = |(account, name, roles, _): &(&str, &str, &[Role], Option<&str>)| json!({ "account": account, "name": name, "role": roles[0].name() });
        let accounts: Vec<serde_json::Value> = STAFF.iter().map(account).collect();
        json!({ "password": PASSWORD, "accounts": accounts }).to_string()
    });
    &JSON
}

/// One member of staff on their phone.
#[derive(Clone)]
pub struct Member {
    pub account: &'static str,
    pub actor: Arc<Actor>,
    pub device: DeviceId,
}

/// Everybody who acts in the demo's history.
pub struct Staff {
    pub members: Vec<Member>,
}

impl Staff {
    pub fn new() -> Self {
        let members = STAFF
            .iter()
            .map(|(account, name, roles, cluster)| {
                let command = create_account(account, name, roles, *cluster);
                let actor = Actor {
                    user: command.user(),
                    name: command.name,
                    roles: command.roles,
                    clusters: command.clusters,
                };
                Member {
                    account,
                    actor: Arc::new(actor),
                    device: DeviceId::derived(&["demo device", account]),
                }
            })
            .collect();
        Self { members }
    }

    pub fn get(&self, account: &str) -> &Member {
        self.members.iter().find(|m| m.account == account).expect("a demo account of STAFF")
    }

    /// The steward of a cluster.
    pub fn steward(&self, cluster: ClusterId) -> &Member {
        self.members
            .iter()
            .find(|m| m.actor.clusters.contains(&cluster))
            .expect("each demo cluster has a steward")
    }

    pub fn technicians(&self) -> [&Member; 3] {
        ["weixiu1", "weixiu2", "weixiu3"].map(|account| self.get(account))
    }
}

pub fn create_account(
    account: &str,
    name: &str,
    roles: &[Role],
    cluster: Option<&str>,
) -> CreateAccount {
    let clusters = CLUSTERS
        .iter()
        .filter(|plan| Some(plan.code) == cluster)
        .map(super::estate::ClusterPlan::id)
        .collect();
    CreateAccount { account: account.into(), name: name.into(), roles: roles.to_vec(), clusters }
}

const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭",
    "何", "高", "林", "罗", "郑", "梁", "谢", "宋", "唐", "许", "韩", "冯", "邓", "曹", "彭", "曾",
    "肖", "田", "董", "袁", "潘", "于", "蒋", "蔡", "余", "杜", "叶", "程", "苏", "魏", "吕", "丁",
    "任", "沈",
];
const GIVEN: &[&str] = &[
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明",
    "超", "秀兰", "霞", "平", "刚", "桂英", "建华", "文博", "子涵", "雨桐", "思远", "佳怡", "志强",
    "海燕", "国庆", "晓东", "玉梅", "春华", "俊杰", "欣怡", "浩然", "婷婷", "丹丹", "振宇", "雪梅",
    "永康", "美玲", "嘉欣", "立群", "红梅", "德明", "慧敏", "世杰", "燕飞",
];

/// A made-up name.
pub fn name(chance: &mut Stream) -> String {
    format!("{}{}", chance.pick(SURNAMES), chance.pick(GIVEN))
}

/// A made-up mobile number of a block that nobody has; the serial keeps it unique.
pub fn phone(serial: usize) -> String {
    format!("1390000{:04}", serial % 10_000)
}
