#!/usr/bin/env bash
# Hands a code of the server to foreign software, which must verify and read it: interop.sh HOST:PORT
set -euo pipefail
readonly address=$1
# shellcheck source=tests/grpcurl/words.sh
source "${BASH_SOURCE%/*}/words.sh"
readonly interop=$here/../interop

readonly card='{"type": "DOCUMENT_TYPE_RESIDENT_ID_CARD", "number": "440699200402290040"}'
readonly zhao='"chineseName": "赵一", "sex": "SEX_FEMALE", "birthDate": "2004-02-29", "nationality": "CHN"'

step 'A traveller registers and is shown a code'
ask $gateway/GetNotice '{}'
ask $gateway/SubmitRegistration '{"requestId": "'"$(fresh_id)"'", "document": '"$card"',
    "form": '"$(form "$zhao" +447700900003)"',
    "acknowledgedNoticeVersion": "'"$(answer notice.version)"'", "truthDeclared": true}'
content=$(answer entryPass.qrCode.content)
key_id=$(answer entryPass.qrCode.keyId)

step 'Two COSE libraries verify it with the published key'
ask $qr/ListVerificationKeys '{}'
# The one that signs, and the one that will follow it.
expect keys.# 2
expect keys.0.keyId "$key_id"
expect keys.0.algorithm EdDSA
cose_key=$(answer keys.0.coseKey | base64 --decode | od -A n -v -t x1 | tr -d ' \n')
"$interop/tokens.py" --live "$content" "$cose_key"

# The drawings do not depend on the database: in the second run, on PostgreSQL, the least, the usual and the greatest size will do.
sizes=()
[[ -z ${ENTRYPASS_TEST_POSTGRES-} ]] || sizes=(4 6 32)
step "Two readers of QR codes read every drawing of it, at module size ${sizes[*]:-4 to 32}"
"$interop/read_pictures.py" "$address" "$content" "${sizes[@]}"
