#!/usr/bin/env bash
# Walks the operation guide with grpcurl, step by step: journey.sh HOST:PORT
#
# The server must be fresh: nobody of these people is registered. All numbers are synthetic.
set -euo pipefail
readonly address=$1
# shellcheck source=tests/grpcurl/words.sh
source "${BASH_SOURCE%/*}/words.sh"

readonly card='{"type": "DOCUMENT_TYPE_RESIDENT_ID_CARD", "number": "440699198501010016"}'
readonly wang='"chineseName": "王小明", "sex": "SEX_MALE", "birthDate": "1985-01-01", "nationality": "CHN"'
readonly passport='{"type": "DOCUMENT_TYPE_PASSPORT", "number": "X0000001", "issuingState": "GBR"}'
readonly eriksson='"surname": "ERIKSSON", "givenNames": "ANNA MARIA", "sex": "SEX_FEMALE", "birthDate": "1974-08-12", "nationality": "GBR"'
readonly permit='{"type": "DOCUMENT_TYPE_HK_MACAO_TRAVEL_PERMIT", "number": "H00000000"}'
readonly chan='"chineseName": "陈大文", "sex": "SEX_MALE", "birthDate": "1980-05-20", "nationality": "HKG"'
readonly unknown='{"type": "DOCUMENT_TYPE_HK_MACAO_TRAVEL_PERMIT", "number": "M00000000"}'

# verdict CONTENT VERDICT: what a checkpoint must be told about a code.
verdict() {
    ask $gateway/VerifyQrCode '{"content": "'"$1"'"}'
    expect verdict "VERDICT_$2"
}

# submission REQUEST_ID DOCUMENT PERSON PHONE NOTICE_VERSION: prints the request of a first registration.
submission() {
    echo '{"requestId": "'"$1"'", "document": '"$2"', "form": '"$(form "$3" "$4")"',
           "acknowledgedNoticeVersion": "'"$5"'", "truthDeclared": true}'
}

step 'Operators: services, descriptions and health, by reflection alone'
asked=list reply=$(grpc "$address" list 2>&1) || fail 'no list of services'
for service in $gateway $registrations $qr $epass grpc.health.v1.Health; do
    grep --quiet --line-regexp --fixed-strings "$service" <<<"$reply" || fail "$service is not listed"
done
asked=describe reply=$(grpc "$address" describe $gateway.CheckDocument 2>&1) || fail 'no description'
grep --quiet 'rpc CheckDocument ( .entrypass.gateway.v1.CheckDocumentRequest )' <<<"$reply" || fail 'no signature'
grep --quiet '// Checks a document and says whether its person is registered' <<<"$reply" || fail 'no comment'
for service in '' $gateway $registrations $qr $epass; do
    ask grpc.health.v1.Health/Check '{"service": "'"$service"'"}'
    expect status SERVING
done

step '2-3 The document is checked: valid, and nobody is registered'
ask $gateway/CheckDocument '{"document": '"$card"'}'
expect outcome CHECK_OUTCOME_NEW
expect document.number 440699198501010016
expect document.maskedNumber '44**************16'
expect document.gatCode 111
expect document.birthDate 1985-01-01
expect document.sex SEX_MALE
expect prefillAvailable false
notice=$(answer noticeVersion)

step '2-3 A slip of the keyboard is named'
violates document.number DOCUMENT_NUMBER_CHECK_CHARACTER $gateway/CheckDocument \
    '{"document": {"type": "DOCUMENT_TYPE_RESIDENT_ID_CARD", "number": "440699198501010017"}}'

step '3.2.1 The notice is read, in Chinese and in English'
for language in zh-CN en; do
    ask $gateway/GetNotice '{}'
    expect notice.version "$notice"
    expect notice.language "$language"
    [[ -n $(answer notice.title) && -n $(answer notice.paragraphs.0) ]] || fail 'the notice is empty'
done

step '3.2.2 A stale notice is refused, and the current one named'
refused FailedPrecondition NOTICE_STALE $gateway/SubmitRegistration \
    "$(submission "$(fresh_id)" "$card" "$wang" +447700900001 2019-01-01)"
expect 'details.*.metadata.current_notice_version' "$notice"

step '3.2.2 The form is submitted'
request_id=$(fresh_id)
first_visit=$(submission "$request_id" "$card" "$wang" +447700900001 "$notice")
ask $gateway/SubmitRegistration "$first_visit"
expect entryPass.registration.state REGISTRATION_STATE_ACTIVE
expect entryPass.registration.revision 1
expect entryPass.registration.document.number 440699198501010016
expect entryPass.registration.form.chineseName 王小明
expect entryPass.registration.noticeVersion "$notice"
expect entryPass.companions.# 0
name=$(answer entryPass.registration.name)
reference=$(answer entryPass.registration.reference)

step '3.2.2 Submitted once more after a lost answer, it is still one registration'
ask $gateway/SubmitRegistration "$first_visit"
expect entryPass.registration.name "$name"
refused AlreadyExists ALREADY_REGISTERED $gateway/SubmitRegistration \
    "$(submission "$(fresh_id)" "$card" "$wang" +447700900001 "$notice")"

step '3.1 From now on the check says: registered'
ask $gateway/CheckDocument '{"document": '"$card"'}'
expect outcome CHECK_OUTCOME_REGISTERED

step '4 The entry pass opens with document and name'
ask $gateway/GetEntryPass '{"document": '"$card"', "holderName": "王小明"}'
expect entryPass.registration.name "$name"
expect entryPass.registration.reference "$reference"
expect entryPass.qrCode.revision 1
content=$(answer entryPass.qrCode.content)
code_id=$(answer entryPass.qrCode.codeId)
[[ $content == FSP1:* ]] || fail "the code's content does not begin with FSP1:"

step '4 A wrong name learns as little as an unknown number'
refused NotFound HOLDER_NOT_FOUND $gateway/GetEntryPass '{"document": '"$card"', "holderName": "王大明"}'
readonly wrong_name=$reply
refused NotFound HOLDER_NOT_FOUND $gateway/GetEntryPass '{"document": '"$unknown"', "holderName": "王大明"}'
[[ $reply == "$wrong_name" ]] || fail "the answer to a wrong name was another one: $wrong_name"

step '4 The code is drawn, as PNG and for a terminal'
ask $gateway/RenderQrCode '{"content": "'"$content"'", "format": "IMAGE_FORMAT_PNG"}'
expect mediaType image/png
drawing=$(mktemp --suffix .png)
trap 'rm -f "$drawing"' EXIT
answer image | base64 --decode >"$drawing"
[[ $(zbarimg -q --raw --nodbus -Sdisable -Sqrcode.enable "$drawing") == "$content" ]] || fail 'zbar reads another text from the PNG'
ask $gateway/RenderQrCode '{"registration": "'"$name"'", "format": "IMAGE_FORMAT_TERMINAL"}'
expect mediaType 'text/plain; charset=utf-8'
[[ $(answer text) == *█* ]] || fail 'no blocks in the drawing for a terminal'

step 'At the checkpoint the code is valid'
verdict "$content" VALID
expect codeId "$code_id"
expect 'checks.*.check+outcome' 'CHECK_REGISTRATION OUTCOME_PASSED'
verdict 'FSP1:NOT A CODE' MALFORMED

step '5 The electronic pass is offered, applied for and approved; then it is no longer offered'
ask $gateway/GetElectronicPass '{"registration": "'"$name"'"}'
expect offer.offered true
expect 'offer.reasons.*.code' CODE_ELIGIBLE
ask $gateway/ApplyForElectronicPass '{"requestId": "'"$(fresh_id)"'", "registration": "'"$name"'"}'
expect application.state STATE_SUBMITTED
# The holder's identity is verified in the background, and then the application waits for a reviewer.
call_as reviewer
for _ in $(seq 100); do
    ask $epass/ClaimElectronicPassApplications \
        '{"requestId": "'"$(fresh_id)"'", "reviewer": "reviewer-1", "count": 1}'
    ! answer applications.0.name >/dev/null 2>&1 || break
    sleep 0.1
done
expect 'applications.*.registration' "$name"
expect 'applications.*.claim.reviewer' reviewer-1
application=$(answer applications.0.name)
ask $epass/ReviewElectronicPassApplication '{"requestId": "'"$(fresh_id)"'", "application": "'"$application"'",
    "etag": "'"$(answer applications.0.etag)"'", "decision": "REVIEW_DECISION_APPROVE",
    "reviewer": "reviewer-1"}'
expect application.state STATE_ISSUED
pass_number=$(answer electronicPass.passNumber)
call_as operator
ask $gateway/GetEntryPass '{"registration": "'"$name"'"}'
expect entryPass.electronicPass.offered false
expect 'entryPass.electronicPass.reasons.*.code' CODE_ALREADY_COMPLETED
expect entryPass.electronicPass.electronicPass.passNumber "$pass_number"
refused FailedPrecondition ELECTRONIC_PASS_NOT_OFFERED $gateway/ApplyForElectronicPass \
    '{"requestId": "'"$(fresh_id)"'", "registration": "'"$name"'"}'

step '6 The phone number is corrected; the code shown before is superseded at once'
ask $gateway/GetEntryPass '{"registration": "'"$name"'"}'
etag=$(answer entryPass.registration.etag)
# grpcurl 1.8.6 does not know the JSON form of a field mask, one string, and takes it as the message that it is.
ask $gateway/UpdateRegistration '{"requestId": "'"$(fresh_id)"'", "registration": "'"$name"'", "etag": "'"$etag"'",
    "form": {"mobilePhone": "+447700900002"}, "updateMask": {"paths": ["mobile_phone"]}}'
expect entryPass.registration.revision 2
expect entryPass.registration.form.mobilePhone +447700900002
expect entryPass.registration.form.chineseName 王小明
amended=$(answer entryPass.qrCode.content)
new_etag=$(answer entryPass.registration.etag)
differs 'code of the two revisions' "$code_id" "$(answer entryPass.qrCode.codeId)"
differs 'etag of the two revisions' "$etag" "$new_etag"
verdict "$content" SUPERSEDED
verdict "$amended" VALID

step '6 A stale etag and an identity field are refused; the history shows what changed'
refused Aborted ETAG_MISMATCH $gateway/UpdateRegistration '{"requestId": "'"$(fresh_id)"'",
    "registration": "'"$name"'", "etag": "'"$etag"'", "form": {"stayDays": 20},
    "updateMask": {"paths": ["stay_days"]}}'
refused InvalidArgument INVALID_FIELDS $gateway/UpdateRegistration '{"requestId": "'"$(fresh_id)"'",
    "registration": "'"$name"'", "etag": "'"$new_etag"'", "form": {"chineseName": "王大明"},
    "updateMask": {"paths": ["chinese_name"]}}'
expect 'details.*.fieldViolations.*.reason' IDENTITY_FIELD
ask $gateway/ListRegistrationRevisions '{"registration": "'"$name"'"}'
expect revisions.# 2
expect revisions.0.changedPaths.0 mobile_phone
expect revisions.1.form.mobilePhone +447700900001

step '7 A companion with a passport, who is new, is bound with a form'
ask $gateway/BindCompanion '{"requestId": "'"$(fresh_id)"'", "registration": "'"$name"'",
    "relationship": "RELATIONSHIP_SPOUSE", "document": '"$passport"', "form": '"$(form "$eriksson" +447700900123)"',
    "acknowledgedNoticeVersion": "'"$notice"'", "truthDeclared": true}'
expect entryPass.companions.# 1
expect entryPass.companions.0.state COMPANION_STATE_CONFIRMED
expect entryPass.companions.0.documentType DOCUMENT_TYPE_PASSPORT
expect entryPass.companions.0.maskedNumber 'X0****01'
eriksson_code=$(answer entryPass.companions.0.qrCode.content)
differs 'code of holder and companion' "$eriksson_code" "$(answer entryPass.qrCode.content)"
verdict "$eriksson_code" VALID

step '7 A companion with a Hong Kong permit, who is registered, is bound with document and name'
bond() { # bond DOCUMENT NAME: prints the request
    echo '{"requestId": "'"$(fresh_id)"'", "registration": "'"$name"'", "relationship": "RELATIONSHIP_COLLEAGUE",
           "document": '"$1"', "companionName": "'"$2"'"}'
}
ask $gateway/SubmitRegistration "$(submission "$(fresh_id)" "$permit" "$chan" +447700900004 "$notice")"
chan_name=$(answer entryPass.registration.name)
expect entryPass.electronicPass.offered false
expect 'entryPass.electronicPass.reasons.*.code' CODE_DOCUMENT_TYPE_NOT_ELIGIBLE
ask $gateway/BindCompanion "$(bond "$permit" 陈大文)"
expect entryPass.companions.# 2
expect entryPass.companions.1.displayName 陈大文
expect entryPass.companions.1.state COMPANION_STATE_PENDING
chan_bond=$(answer entryPass.companions.1.name)
chan_code=$(answer confirmationCode)

step '7 Nobody is bound twice, or to themselves; a wrong name learns as little as an unknown number'
refused AlreadyExists COMPANION_ALREADY_BOUND $gateway/BindCompanion "$(bond "$permit" 陈大文)"
refused FailedPrecondition COMPANION_IS_HOLDER $gateway/BindCompanion "$(bond "$card" 王小明)"
refused NotFound HOLDER_NOT_FOUND $gateway/BindCompanion "$(bond "$permit" 陈小文)"
readonly wrong_companion=$reply
refused NotFound HOLDER_NOT_FOUND $gateway/BindCompanion "$(bond "$unknown" 陈小文)"
[[ $reply == "$wrong_companion" ]] || fail "the answer to a wrong name was another one: $wrong_companion"

step "7 The companion's own side sees who asks, and confirms with the code that was handed over"
ask $gateway/ListHolders '{"registration": "'"$chan_name"'"}'
expect holders.# 1
expect holders.0.maskedName '王*'
expect holders.0.state COMPANION_STATE_PENDING
refused NotFound CONFIRMATION_CODE_WRONG $gateway/ConfirmCompanion '{"requestId": "'"$(fresh_id)"'",
    "confirmationCode": "0000-0000", "registration": "'"$chan_name"'"}'
ask $gateway/ConfirmCompanion '{"requestId": "'"$(fresh_id)"'", "confirmationCode": "'"$chan_code"'",
    "registration": "'"$chan_name"'"}'
expect companion.state COMPANION_STATE_CONFIRMED
ask $gateway/GetEntryPass '{"registration": "'"$name"'"}'
verdict "$(answer entryPass.companions.1.qrCode.content)" VALID

step "7 Unbound, the companion keeps a registration of their own"
ask $gateway/UnbindCompanion '{"requestId": "'"$(fresh_id)"'", "companion": "'"$chan_bond"'",
    "registration": "'"$name"'"}'
expect entryPass.companions.# 1
expect entryPass.companions.0.documentType DOCUMENT_TYPE_PASSPORT
ask $gateway/GetEntryPass '{"registration": "'"$chan_name"'"}'
expect entryPass.registration.state REGISTRATION_STATE_ACTIVE

step 'The key that signs is published, with the time in which it does'
ask $gateway/GetEntryPass '{"registration": "'"$name"'"}'
key_id=$(answer entryPass.qrCode.keyId)
ask $gateway/ListVerificationKeys '{}'
expect keys.# 2
expect keys.1.state STATE_PENDING
expect keys.0.keyId "$key_id"
expect keys.0.state STATE_ACTIVE
expect keys.0.algorithm EdDSA

step 'The registration is cancelled: its code is revoked, and the document is new again'
ask $gateway/GetEntryPass '{"registration": "'"$name"'"}'
last_content=$(answer entryPass.qrCode.content)
ask $gateway/CancelRegistration '{"requestId": "'"$(fresh_id)"'", "registration": "'"$name"'",
    "etag": "'"$(answer entryPass.registration.etag)"'"}'
expect registration.state REGISTRATION_STATE_CANCELLED
verdict "$last_content" REVOKED
ask $gateway/CheckDocument '{"document": '"$card"'}'
expect outcome CHECK_OUTCOME_NEW
