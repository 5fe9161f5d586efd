//! The catalogue's one table: which gRPC code, wording and retry delay go with a reason.

use std::time::Duration;

use entrypass_proto::errors::v1::ErrorReason;
use entrypass_rule::Text;
use tonic::Code;

/// What is fixed about a reason.
pub(crate) struct Description {
    pub(crate) code: Code,
    pub(crate) text: Text,
    /// Present where trying the same call again later can help.
    pub(crate) retry_after: Option<Duration>,
}

/// The name that travels in `ErrorInfo.reason`: the enum value without its prefix.
pub(crate) fn wire_name(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("ERROR_REASON_").unwrap_or(name)
}

pub(crate) fn describe(reason: ErrorReason) -> Description {
    use ErrorReason as R;
    let retry_after = match reason {
        R::NeighbourUnavailable | R::StoreUnavailable => Some(Duration::from_secs(1)),
        _ => None,
    };
    let (code, zh_cn, en) = match reason {
        R::Unspecified | R::Internal => (Code::Internal, "系统内部错误", "internal error"),
        R::InvalidFields => (Code::InvalidArgument, "填报内容不符合规则", "some fields break rules"),
        R::RequestIdReused => {
            (Code::InvalidArgument, "该请求编号已用于另一请求", "request_id belongs to another request")
        }
        R::HolderNotFound => (
            Code::NotFound,
            "没有与该证件和姓名相符的有效登记",
            "no active registration for this document and name",
        ),
        R::RegistrationNotFound => (Code::NotFound, "登记不存在", "no such registration"),
        R::AlreadyRegistered => (Code::AlreadyExists, "该人员已有有效登记", "an active registration exists"),
        R::NoticeStale => (
            Code::FailedPrecondition,
            "登记须知已更新，请重新阅读并确认",
            "the notice has changed: read and acknowledge the current one",
        ),
        R::EtagMismatch => (
            Code::Aborted,
            "内容已被更改，请重新读取后再试",
            "changed since it was read: read it again and repeat the change",
        ),
        R::RegistrationNotActive => {
            (Code::FailedPrecondition, "登记已过期或已取消", "the registration is no longer active")
        }
        R::RevisionLimitReached => {
            (Code::FailedPrecondition, "修改次数已达上限", "amended as often as is allowed")
        }
        R::DocumentNotAvailable => {
            (Code::FailedPrecondition, "该证件不能用于替换", "the new document cannot be taken")
        }
        R::CompanionLimitReached => {
            (Code::FailedPrecondition, "同行人数量已达上限", "the holder has the most companions allowed")
        }
        R::CompanionIsHolder => {
            (Code::FailedPrecondition, "不能将本人绑定为同行人", "nobody is their own companion")
        }
        R::CompanionAlreadyBound => {
            (Code::AlreadyExists, "该同行人已绑定", "this companion is bound already")
        }
        R::CompanionNotFound => (Code::NotFound, "没有相符的同行人绑定", "no such companion"),
        R::ElectronicPassNotOffered => {
            (Code::FailedPrecondition, "不符合申请电子通行证的条件", "the electronic pass is not offered")
        }
        R::ApplicationNotFound => (Code::NotFound, "申请不存在", "no such application"),
        R::IllegalTransition => (
            Code::FailedPrecondition,
            "申请的当前状态不允许此操作",
            "the application's state does not allow this decision",
        ),
        R::ElectronicPassExists => {
            (Code::AlreadyExists, "该人员已有电子通行证", "the person has an electronic pass")
        }
        R::NeighbourUnavailable => {
            (Code::Unavailable, "所需服务暂不可用，请稍后重试", "a needed service is unavailable")
        }
        R::StoreUnavailable => {
            (Code::Unavailable, "数据库暂不可用，请稍后重试", "the database is unavailable")
        }
        R::DeadlineExceeded => (Code::DeadlineExceeded, "请求超时", "the deadline passed"),
    };
    Description { code, text: Text::new(zh_cn, en), retry_after }
}
