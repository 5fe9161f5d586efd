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

/// The reason that travels as `name`.
pub(crate) fn from_wire_name(name: impl AsRef<str>) -> Option<ErrorReason> {
    ErrorReason::from_str_name(&format!("ERROR_REASON_{}", name.as_ref()))
}

/// What a reason says to people, where it is told of one of several things that were asked for in one call.
#[must_use]
pub fn reason_text(reason: ErrorReason) -> Text {
    describe(reason).text
}

pub(crate) fn describe(reason: ErrorReason) -> Description {
    use ErrorReason as R;
    let retry_after = match reason {
        R::NeighbourUnavailable
        | R::StoreUnavailable
        | R::ShuttingDown
        | R::SigningKeyUnavailable
        | R::PolicyUnavailable
        // Whoever refuses for a rate, or for what was tried in vain, knows better.
        | R::RateLimited
        | R::TooManyCalls
        | R::TooManyStreams
        | R::TooManyFailedProofs => Some(Duration::from_secs(1)),
        _ => None,
    };
    let (zh_cn, en) = text(reason);
    Description { code: code(reason), text: Text::new(zh_cn, en), retry_after }
}

fn code(reason: ErrorReason) -> Code {
    use ErrorReason as R;
    match reason {
        R::Unspecified | R::Internal => Code::Internal,
        R::InvalidFields | R::RequestIdReused | R::MalformedMessage => Code::InvalidArgument,
        R::HolderNotFound
        | R::RegistrationNotFound
        | R::CompanionNotFound
        | R::ConfirmationCodeWrong
        | R::ApplicationNotFound
        | R::PolicyNotFound
        | R::ElectronicPassNotFound
        | R::QuarantineNotFound
        | R::QrCodeNotFound
        | R::CorrectionNotFound
        | R::TravellerNotFound => Code::NotFound,
        R::MessageTooLarge
        | R::RateLimited
        | R::TooManyCalls
        | R::TooManyStreams
        | R::TooManyFailedProofs => Code::ResourceExhausted,
        R::UnknownCaller
        | R::RpcNotAllowed
        | R::PurposeRequired
        | R::PurposeNotAllowed
        | R::PersonalDataMasked => Code::PermissionDenied,
        R::AlreadyRegistered
        | R::CompanionAlreadyBound
        | R::ElectronicPassExists
        | R::CorrectionPending
        | R::PolicyExists => Code::AlreadyExists,
        R::NoticeStale
        | R::RegistrationNotActive
        | R::RevisionLimitReached
        | R::QrCodeRevoked
        | R::QrCodeSuspended
        | R::DocumentNotAvailable
        | R::CompanionLimitReached
        | R::CompanionHolderLimitReached
        | R::CompanionIsHolder
        | R::ElectronicPassNotOffered
        | R::NotClaimed
        | R::IllegalTransition
        | R::FrozenAfterVerification
        | R::CorrectionNotPending
        | R::CorrectionLimitReached
        | R::PolicyNotActivatable
        | R::IllegalPassTransition
        | R::QuarantineOver
        | R::TravellerErased => Code::FailedPrecondition,
        R::EtagMismatch | R::PolicyActivationStale => Code::Aborted,
        R::NeighbourUnavailable
        | R::StoreUnavailable
        | R::ShuttingDown
        | R::SigningKeyUnavailable
        | R::PolicyUnavailable => Code::Unavailable,
        R::CursorOutOfRange => Code::OutOfRange,
        R::DeadlineExceeded => Code::DeadlineExceeded,
    }
}

/// Simplified Chinese and English.
fn text(reason: ErrorReason) -> (&'static str, &'static str) {
    use ErrorReason as R;
    match reason {
        R::Unspecified | R::Internal => ("系统内部错误", "internal error"),
        R::InvalidFields => ("填报内容不符合规则", "some fields break rules"),
        R::RequestIdReused => ("该请求编号已用于另一请求", "request_id belongs to another request"),
        R::HolderNotFound => {
            ("没有与该证件和姓名相符的登记", "no such registration for this document and name")
        }
        R::TooManyFailedProofs => (
            "核对失败次数过多，请稍后再试",
            "what was given as a proof did not fit too often: try again later",
        ),
        R::MalformedMessage => ("请求格式错误", "not the message that this call takes"),
        R::MessageTooLarge => ("请求过大", "the message is too large"),
        R::EtagMismatch => (
            "内容已被更改，请重新读取后再试",
            "changed since it was read: read it again and repeat the change",
        ),
        R::CompanionLimitReached
        | R::CompanionIsHolder
        | R::CompanionAlreadyBound
        | R::CompanionNotFound
        | R::ConfirmationCodeWrong
        | R::CompanionHolderLimitReached => text_of_companions(reason),
        R::QrCodeRevoked | R::QrCodeSuspended | R::QrCodeNotFound | R::SigningKeyUnavailable => {
            text_of_codes(reason)
        }
        R::CursorOutOfRange => (
            "该位置之后的变更已不在，请从头重新开始",
            "the changes after this cursor are not there: begin again without a cursor",
        ),
        R::PolicyUnavailable
        | R::PolicyExists
        | R::PolicyNotFound
        | R::PolicyActivationStale
        | R::PolicyNotActivatable => text_of_policies(reason),
        R::NeighbourUnavailable | R::StoreUnavailable | R::ShuttingDown | R::DeadlineExceeded => {
            text_of_failures(reason)
        }
        R::UnknownCaller
        | R::RpcNotAllowed
        | R::PurposeRequired
        | R::PurposeNotAllowed
        | R::RateLimited
        | R::TooManyCalls
        | R::TooManyStreams
        | R::PersonalDataMasked => text_of_access(reason),
        R::TravellerErased
        | R::TravellerNotFound
        | R::RegistrationNotFound
        | R::AlreadyRegistered
        | R::NoticeStale
        | R::RegistrationNotActive
        | R::RevisionLimitReached
        | R::DocumentNotAvailable
        | R::FrozenAfterVerification
        | R::CorrectionNotFound
        | R::CorrectionPending
        | R::CorrectionNotPending
        | R::CorrectionLimitReached => text_of_registrations(reason),
        R::ElectronicPassNotOffered
        | R::ApplicationNotFound
        | R::NotClaimed
        | R::IllegalTransition
        | R::ElectronicPassExists
        | R::ElectronicPassNotFound
        | R::IllegalPassTransition
        | R::QuarantineNotFound
        | R::QuarantineOver => text_of_passes(reason),
    }
}

/// Those of what may work a moment later.
fn text_of_failures(reason: ErrorReason) -> (&'static str, &'static str) {
    use ErrorReason as R;
    match reason {
        R::NeighbourUnavailable => ("所需服务暂不可用，请稍后重试", "a needed service is unavailable"),
        R::StoreUnavailable => ("数据库暂不可用，请稍后重试", "the database is unavailable"),
        R::ShuttingDown => ("该服务副本即将停止，请重试", "this copy is about to stop"),
        R::DeadlineExceeded => ("请求超时", "the deadline passed"),
        _ => ("系统内部错误", "internal error"),
    }
}

/// Those of codes.
fn text_of_codes(reason: ErrorReason) -> (&'static str, &'static str) {
    use ErrorReason as R;
    match reason {
        R::QrCodeRevoked => ("该登记的二维码已被撤销", "the codes of this registration were revoked"),
        R::QrCodeSuspended => ("该登记的二维码已暂停使用", "the codes of this registration are suspended"),
        R::QrCodeNotFound => ("没有该编号的二维码", "no code with this id"),
        R::SigningKeyUnavailable => ("暂时无法签发二维码，请稍后重试", "codes cannot be signed for now"),
        _ => ("系统内部错误", "internal error"),
    }
}

/// Those of companions.
fn text_of_companions(reason: ErrorReason) -> (&'static str, &'static str) {
    use ErrorReason as R;
    match reason {
        R::CompanionLimitReached => ("同行人数量已达上限", "the holder has the most companions allowed"),
        R::CompanionIsHolder => ("不能将本人绑定为同行人", "nobody is their own companion"),
        R::CompanionAlreadyBound => ("该同行人已绑定", "this companion is bound already"),
        R::CompanionNotFound => ("没有相符的同行人绑定", "no such companion"),
        R::ConfirmationCodeWrong => {
            ("确认码不正确或已失效", "no bond of this companion waits for this confirmation code")
        }
        R::CompanionHolderLimitReached => (
            "该同行人已被其他登记人绑定，且已达上限",
            "the companion is bound to as many holders as is allowed",
        ),
        _ => ("系统内部错误", "internal error"),
    }
}

/// Those of registrations, their amendments and corrections.
fn text_of_registrations(reason: ErrorReason) -> (&'static str, &'static str) {
    use ErrorReason as R;
    match reason {
        R::TravellerErased => ("该人员的信息已被删除", "the data of this person has been erased"),
        R::TravellerNotFound => ("没有该人员", "no such person"),
        R::RegistrationNotFound => ("登记不存在", "no such registration"),
        R::AlreadyRegistered => ("该人员已有有效登记", "an active registration exists"),
        R::NoticeStale => (
            "登记须知已更新，请重新阅读并确认",
            "the notice has changed: read and acknowledge the current one",
        ),
        R::RegistrationNotActive => ("登记已过期或已取消", "the registration is no longer active"),
        R::RevisionLimitReached => ("修改次数已达上限", "amended as often as is allowed"),
        R::DocumentNotAvailable => ("该证件不能用于替换", "the new document cannot be taken"),
        R::FrozenAfterVerification => {
            ("检查点核验后该内容不可修改", "a checkpoint has seen this: it cannot be amended any more")
        }
        R::CorrectionNotFound => ("没有该更正申请", "no such correction"),
        R::CorrectionPending => ("该登记已有待审核的更正申请", "another correction waits for a reviewer"),
        R::CorrectionNotPending => ("该更正申请已办结", "the correction waits for nobody any more"),
        R::CorrectionLimitReached => {
            ("更正申请次数已达上限", "as many corrections were asked for as are allowed")
        }
        _ => ("系统内部错误", "internal error"),
    }
}

/// Those of electronic passes.
fn text_of_passes(reason: ErrorReason) -> (&'static str, &'static str) {
    use ErrorReason as R;
    match reason {
        R::ElectronicPassNotOffered => ("不符合申请电子通行证的条件", "the electronic pass is not offered"),
        R::ApplicationNotFound => ("申请不存在", "no such application"),
        R::NotClaimed => (
            "该审核员未领取此申请，或领取已到期",
            "the reviewer has not claimed the application, or no longer",
        ),
        R::IllegalTransition => {
            ("申请的当前状态不允许此操作", "the application's state does not allow this step")
        }
        R::ElectronicPassExists => {
            ("该人员或该编号已有电子通行证", "this person or this number has an electronic pass")
        }
        R::ElectronicPassNotFound => ("电子通行证不存在", "no such electronic pass"),
        R::IllegalPassTransition => {
            ("电子通行证的当前状态不允许此操作", "the electronic pass's state does not allow this step")
        }
        R::QuarantineNotFound => ("没有该隔离记录", "no such quarantine"),
        R::QuarantineOver => ("该隔离已结束", "the quarantine is over"),
        _ => ("系统内部错误", "internal error"),
    }
}

/// Those of policies.
fn text_of_policies(reason: ErrorReason) -> (&'static str, &'static str) {
    use ErrorReason as R;
    match reason {
        R::PolicyUnavailable => {
            ("暂时无法确定适用的政策，请稍后重试", "it cannot be told for now which policy applies")
        }
        R::PolicyExists => {
            ("该名称和版本已属于另一政策文本", "name and version belong to another policy document")
        }
        R::PolicyNotFound => ("没有该政策", "no such policy"),
        R::PolicyActivationStale => (
            "政策的启用情况已变化，请重新读取后再试",
            "another policy was activated since: look at the activations and decide anew",
        ),
        R::PolicyNotActivatable => (
            "该政策在所需时间不适用，或没有可恢复的政策",
            "the policy is not effective then, or there is none to go back to",
        ),
        _ => ("系统内部错误", "internal error"),
    }
}

/// Those of who may call what, and how much.
fn text_of_access(reason: ErrorReason) -> (&'static str, &'static str) {
    use ErrorReason as R;
    match reason {
        R::UnknownCaller => ("调用方未登记", "the caller is not in the list of callers"),
        R::RpcNotAllowed => ("调用方无权调用此接口", "the caller may not call this"),
        R::PurposeRequired => (
            "须在元数据 entrypass-purpose 中说明用途",
            "state in the metadata entrypass-purpose for what this is called",
        ),
        R::PurposeNotAllowed => ("调用方不得使用该用途", "the caller may not state this purpose"),
        R::RateLimited => ("调用过于频繁，请稍后重试", "called too often"),
        R::TooManyCalls => ("未完成的调用过多，请稍后重试", "too many calls are not answered yet"),
        R::TooManyStreams => ("打开的流过多", "too many streams are open"),
        R::PersonalDataMasked => {
            ("调用方只能查看脱敏信息", "the caller is shown personal data masked, and this is of no use then")
        }
        _ => ("系统内部错误", "internal error"),
    }
}
