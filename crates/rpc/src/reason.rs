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

/// Writes [`describe`] from one row a reason, so that a reason's code and texts stand beside each other and the compiler misses none.
macro_rules! catalogue {
    ($($reason:ident => $code:ident, $zh_cn:literal, $en:literal;)*) => {
        pub(crate) fn describe(reason: ErrorReason) -> Description {
            match reason {
                $(ErrorReason::$reason => Description {
                    code: Code::$code,
                    text: Text::new($zh_cn, $en),
                    retry_after: retry_after(reason),
                },)*
            }
        }
    };
}

catalogue! {
    // Of any call.
    Unspecified => Internal, "系统内部错误", "internal error";
    Internal => Internal, "系统内部错误", "internal error";
    InvalidFields => InvalidArgument, "填报内容不符合规则", "some fields break rules";
    RequestIdReused => InvalidArgument,
        "该请求编号已用于另一请求",
        "request_id belongs to another request";
    HolderNotFound => NotFound,
        "没有与该证件和姓名相符的登记",
        "no such registration for this document and name";
    TooManyFailedProofs => ResourceExhausted,
        "核对失败次数过多，请稍后再试",
        "what was given as a proof did not fit too often: try again later";
    MalformedMessage => InvalidArgument, "请求格式错误", "not the message that this call takes";
    MessageTooLarge => ResourceExhausted, "请求过大", "the message is too large";
    EtagMismatch => Aborted,
        "内容已被更改，请重新读取后再试",
        "changed since it was read: read it again and repeat the change";
    CursorOutOfRange => OutOfRange,
        "该位置之后的变更已不在，请从头重新开始",
        "the changes after this cursor are not there: begin again without a cursor";

    // Of what may work a moment later.
    NeighbourUnavailable => Unavailable,
        "所需服务暂不可用，请稍后重试",
        "a needed service is unavailable";
    StoreUnavailable => Unavailable, "数据库暂不可用，请稍后重试", "the database is unavailable";
    ShuttingDown => Unavailable, "该服务副本即将停止，请重试", "this copy is about to stop";
    DeadlineExceeded => DeadlineExceeded, "请求超时", "the deadline passed";

    // Of codes.
    QrCodeRevoked => FailedPrecondition,
        "该登记的二维码已被撤销",
        "the codes of this registration were revoked";
    QrCodeSuspended => FailedPrecondition,
        "该登记的二维码已暂停使用",
        "the codes of this registration are suspended";
    QrCodeNotFound => NotFound, "没有该编号的二维码", "no code with this id";
    SigningKeyUnavailable => Unavailable,
        "暂时无法签发二维码，请稍后重试",
        "codes cannot be signed for now";

    // Of companions.
    CompanionLimitReached => FailedPrecondition,
        "同行人数量已达上限",
        "the holder has the most companions allowed";
    CompanionIsHolder => FailedPrecondition, "不能将本人绑定为同行人", "nobody is their own companion";
    CompanionAlreadyBound => AlreadyExists, "该同行人已绑定", "this companion is bound already";
    CompanionNotFound => NotFound, "没有相符的同行人绑定", "no such companion";
    ConfirmationCodeWrong => NotFound,
        "确认码不正确或已失效",
        "no bond of this companion waits for this confirmation code";
    CompanionHolderLimitReached => FailedPrecondition,
        "该同行人已被其他登记人绑定，且已达上限",
        "the companion is bound to as many holders as is allowed";

    // Of registrations, their amendments and corrections.
    TravellerErased => FailedPrecondition,
        "该人员的信息已被删除",
        "the data of this person has been erased";
    TravellerNotFound => NotFound, "没有该人员", "no such person";
    RegistrationNotFound => NotFound, "登记不存在", "no such registration";
    AlreadyRegistered => AlreadyExists, "该人员已有有效登记", "an active registration exists";
    NoticeStale => FailedPrecondition,
        "登记须知已更新，请重新阅读并确认",
        "the notice has changed: read and acknowledge the current one";
    RegistrationNotActive => FailedPrecondition,
        "登记已过期或已取消",
        "the registration is no longer active";
    RevisionLimitReached => FailedPrecondition, "修改次数已达上限", "amended as often as is allowed";
    DocumentNotAvailable => FailedPrecondition, "该证件不能用于替换", "the new document cannot be taken";
    FrozenAfterVerification => FailedPrecondition,
        "检查点核验后该内容不可修改",
        "a checkpoint has seen this: it cannot be amended any more";
    CorrectionNotFound => NotFound, "没有该更正申请", "no such correction";
    CorrectionPending => AlreadyExists,
        "该登记已有待审核的更正申请",
        "another correction waits for a reviewer";
    CorrectionNotPending => FailedPrecondition,
        "该更正申请已办结",
        "the correction waits for nobody any more";
    CorrectionLimitReached => FailedPrecondition,
        "更正申请次数已达上限",
        "as many corrections were asked for as are allowed";

    // Of electronic passes.
    ElectronicPassNotOffered => FailedPrecondition,
        "不符合申请电子通行证的条件",
        "the electronic pass is not offered";
    ApplicationNotFound => NotFound, "申请不存在", "no such application";
    NotClaimed => FailedPrecondition,
        "该审核员未领取此申请，或领取已到期",
        "the reviewer has not claimed the application, or no longer";
    IllegalTransition => FailedPrecondition,
        "申请的当前状态不允许此操作",
        "the application's state does not allow this step";
    ElectronicPassExists => AlreadyExists,
        "该人员或该编号已有电子通行证",
        "this person or this number has an electronic pass";
    ElectronicPassNotFound => NotFound, "电子通行证不存在", "no such electronic pass";
    IllegalPassTransition => FailedPrecondition,
        "电子通行证的当前状态不允许此操作",
        "the electronic pass's state does not allow this step";
    QuarantineNotFound => NotFound, "没有该隔离记录", "no such quarantine";
    QuarantineOver => FailedPrecondition, "该隔离已结束", "the quarantine is over";

    // Of policies.
    PolicyUnavailable => Unavailable,
        "暂时无法确定适用的政策，请稍后重试",
        "it cannot be told for now which policy applies";
    PolicyExists => AlreadyExists,
        "该名称和版本已属于另一政策文本",
        "name and version belong to another policy document";
    PolicyNotFound => NotFound, "没有该政策", "no such policy";
    PolicyActivationStale => Aborted,
        "政策的启用情况已变化，请重新读取后再试",
        "another policy was activated since: look at the activations and decide anew";
    PolicyNotActivatable => FailedPrecondition,
        "该政策在所需时间不适用，或没有可恢复的政策",
        "the policy is not effective then, or there is none to go back to";

    // Of who may call what, and how much.
    UnknownCaller => PermissionDenied, "调用方未登记", "the caller is not in the list of callers";
    RpcNotAllowed => PermissionDenied, "调用方无权调用此接口", "the caller may not call this";
    PurposeRequired => PermissionDenied,
        "须在元数据 entrypass-purpose 中说明用途",
        "state in the metadata entrypass-purpose for what this is called";
    PurposeNotAllowed => PermissionDenied,
        "调用方不得使用该用途",
        "the caller may not state this purpose";
    RateLimited => ResourceExhausted, "调用过于频繁，请稍后重试", "called too often";
    TooManyCalls => ResourceExhausted,
        "未完成的调用过多，请稍后重试",
        "too many calls are not answered yet";
    TooManyStreams => ResourceExhausted, "打开的流过多", "too many streams are open";
    PersonalDataMasked => PermissionDenied,
        "调用方只能查看脱敏信息",
        "the caller is shown personal data masked, and this is of no use then";
}

/// Whoever refuses for a rate, or for what was tried in vain, knows better and says so.
fn retry_after(reason: ErrorReason) -> Option<Duration> {
    use ErrorReason as R;
    matches!(
        reason,
        R::NeighbourUnavailable
            | R::StoreUnavailable
            | R::ShuttingDown
            | R::SigningKeyUnavailable
            | R::PolicyUnavailable
            | R::RateLimited
            | R::TooManyCalls
            | R::TooManyStreams
            | R::TooManyFailedProofs
    )
    .then_some(Duration::from_secs(1))
}
