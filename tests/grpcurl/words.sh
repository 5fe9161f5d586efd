# The words in which the grpcurl scripts are written; they source this file after setting `address`.
# shellcheck shell=bash disable=SC2034,SC2154 # constants and `reply` are for the scripts, `address` is from them

readonly here=${BASH_SOURCE%/*}
readonly gateway=entrypass.gateway.v1.EntryPassService
readonly registrations=entrypass.registration.v1.RegistrationService
readonly qr=entrypass.qr.v1.QrService
readonly epass=entrypass.epass.v1.EpassService
declare -Ar code_number=([InvalidArgument]=3 [NotFound]=5 [AlreadyExists]=6 [FailedPrecondition]=9 [Aborted]=10)

language=en
asked='' reply=''

# step TEXT: says what comes next.
step() {
    printf '  %s\n' "$1"
}

# fail TEXT: ends the script, showing the last call and its answer.
fail() {
    printf 'FAILED: %s\nThe last call was\n%s\nand its answer\n%s\n' "$1" "$asked" "$reply" >&2
    exit 1
}

# call_as CALLER: from now on over mutual TLS as this caller, who says for what, where tests/live has made certificates.
identity=(-plaintext)
call_as() {
    [[ -n ${ENTRYPASS_CERTIFICATES-} ]] || return 0
    identity=(
        -cacert "$ENTRYPASS_CERTIFICATES/ca.pem"
        -cert "$ENTRYPASS_CERTIFICATES/$1.pem" -key "$ENTRYPASS_CERTIFICATES/$1.key"
        -H 'entrypass-purpose: REVIEW'
    )
}
call_as operator

# grpc ARGUMENT...: grpcurl against the server under test. It knows the contract from reflection alone.
grpc() {
    grpcurl "${identity[@]}" -max-time 20 -H "accept-language: $language" "$@"
}

# ask METHOD REQUEST: a call that must succeed; the answer stays in `reply`.
ask() {
    asked="$1 $2"
    reply=$(grpc -emit-defaults -d "$2" "$address" "$1" 2>&1) || fail 'it was refused'
}

# refused CODE REASON METHOD REQUEST: a call that must be refused so; the google.rpc.Status stays in `reply`.
refused() {
    asked="$3 $4"
    if reply=$(grpc -format-error -d "$4" "$address" "$3" 2>&1); then fail 'it was not refused'; fi
    expect code "${code_number[$1]}"
    expect 'details.*.reason' "$2"
}

# violates FIELD REASON METHOD REQUEST: a call that must be refused for, among others, this field and rule.
violates() {
    refused InvalidArgument INVALID_FIELDS "$3" "$4"
    expect 'details.*.fieldViolations.*.field+reason' "$1 $2"
}

# expect PATH WANTED: what must stand in the answer.
expect() {
    local finding
    finding=$("$here/expect.py" "$1" "$2" 2>&1 <<<"$reply") || fail "$finding"
}

# differs NAME VALUE OTHER: two values that must both be there and not be the same.
differs() {
    [[ -n $2 && -n $3 && $2 != "$3" ]] || fail "$1: '$2' and '$3' should be two different values"
}

# answer PATH: prints what stands in the answer.
answer() {
    "$here/expect.py" "$1" <<<"$reply"
}

# fresh_id: prints a request_id for a new intent.
fresh_id() {
    cat /proc/sys/kernel/random/uuid
}

# day OFFSET: prints a date such as day '30 days ago', in the city's time. UTC-8 is POSIX for UTC+08:00.
day() {
    TZ=UTC-8 date --date "$1" +%F
}

# form PERSON PHONE: prints a complete form for somebody (members of the JSON object) who enters today.
form() {
    cat <<JSON
{
  $1,
  "mobilePhone": "$2",
  "entry": {
    "portOfEntry": "CNSZX",
    "entryDate": "$(day today)",
    "transport": "TRANSPORT_AIR",
    "serviceNumber": "CZ3082",
    "seat": "31A",
    "departureCountry": "THA",
    "departureCity": "Bangkok"
  },
  "travelHistory": [{"country": "THA", "firstDate": "$(day '30 days ago')", "lastDate": "$(day today)"}],
  "destination": {
    "divisionCode": "440604",
    "address": "祖庙路21号3栋502室",
    "accommodation": "ACCOMMODATION_HOTEL",
    "accommodationName": "佛山宾馆"
  },
  "stayDays": 14,
  "purpose": "PURPOSE_FAMILY",
  "domesticContact": {"name": "李四", "phone": "+8613800138000"}
}
JSON
}
