#!/bin/sh
# From consent to activation with curl: what a point of sale and a carrier's activation system say to truename.
#
#   TRUENAME=http://127.0.0.1:8080 KEY=tn_… CARRIER_KEY=tn_… examples/curl/walk.sh PORTRAIT LIVE
#
# KEY has the role agent and is bound to an outlet, CARRIER_KEY the role activation. MSISDN, ICCID and DOCUMENT may be set; what
# stands here instead is nobody's. curl 7.82 or newer; POSIX sh and sed.
#
# Exit status: 0 activated, 1 not approved, 2 usage, 3 a request failed.
set -eu

if [ $# -ne 2 ] || [ -z "${TRUENAME:-}" ] || [ -z "${KEY:-}" ] || [ -z "${CARRIER_KEY:-}" ]; then
    echo 'usage: TRUENAME=URL KEY=… CARRIER_KEY=… walk.sh PORTRAIT LIVE' >&2
    exit 2
fi
portrait=$1 live=$2
msisdn=${MSISDN:-919800000001}
iccid=${ICCID:-8991000000000000001}
document=${DOCUMENT:-'{"type":"passport","country":"IND","number":"N1234567","name":"ASHA RAO","birth_date":"1990-05-17","expires":"2040-01-01","source":"chip","original":true}'}

# Keys and personal data go to curl by files and standard input: arguments can be read by everybody on the machine.
umask 077
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
printf 'header = "Authorization: Bearer %s"\n' "$KEY" > "$tmp/shop"
printf 'header = "Authorization: Bearer %s"\n' "$CARRIER_KEY" > "$tmp/carrier"

# call WHO PATH [curl's arguments]: one request; the answer goes to standard output. A failure shows the problem document, which
# says in "code" what is wrong and in "remedy" what to do.
call() {
    who=$1 path=$2
    shift 2
    # --retry sends again after 408, 429, 500, 502, 503, 504, or no answer, and waits as Retry-After says. It is the same request
    # under the same Idempotency-Key, so it has its effect once.
    if ! curl -sS --fail-with-body --retry 3 -K "$tmp/$who" "$@" "$TRUENAME$path" > "$tmp/answer"; then
        cat "$tmp/answer" >&2
        echo >&2
        exit 3
    fi
    cat "$tmp/answer"
}

# write WHO PATH [curl's arguments]: a request that changes something, under a new key.
write() {
    who=$1 path=$2
    shift 2
    call "$who" "$path" -X POST -H "Idempotency-Key: $(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" "$@"
}

# member NAME: the first string member of that name in the JSON on standard input. Enough for ids and codes, which hold no comma and
# no brace; a program has a parser.
member() { tr '{,' '\n\n' | sed -n "/^\"$1\":/{s/^\"$1\":\"\([^\"]*\)\".*/\1/p;q;}"; }

# 1. The policy in force has the texts of the consents. Each is shown to the customer, who agrees to each purpose alone.
call shop /v1/policy > "$tmp/policy"
# text_of PURPOSE: the part of the policy that is the English text for a purpose.
text_of() { tr '{' '\n' < "$tmp/policy" | sed -n "/^\"purpose\":\"$1\",.*\"language\":\"en\"/p"; }

# 2. The request: a number on a SIM.
write shop /v1/registrations --json @- > "$tmp/registration" <<END
{"kind": "new_number", "language": "en", "msisdn": "$msisdn", "iccid": "$iccid"}
END
id=$(member id < "$tmp/registration")
echo "registration $id"

# 3. The consents, as they were given. Without them nothing is looked at: the answer would be 403 consent_missing.
for purpose in identity face_verification; do
    text_of $purpose | sed 's/.*"text":"\([^"]*\)".*/\1/'
    text_version=$(text_of $purpose | member version)
    write shop "/v1/registrations/$id/consents" --json @- > "$tmp/consent" <<END
{"purpose": "$purpose", "text_version": "$text_version", "language": "en"}
END
    echo "consent $purpose, version $text_version"
done

# 4. What was read from the document, and its portrait. Some policies do not let truename keep the portrait ("stores_portrait" of
#    the policy is false): then it is sent with the live photo.
write shop "/v1/registrations/$id/document" -F 'fields=<-;type=application/json' -F "portrait=@$portrait" > "$tmp/finding" <<END
$document
END
echo "document $(member state < "$tmp/finding")"

# 5. The photo taken now. 201 is no success: "state" says passed, failed, undecided (take another) or unavailable.
write shop "/v1/registrations/$id/face" -F "live=@$live" > "$tmp/finding"
echo "face $(member state < "$tmp/finding")"

# 6. What is missing now? Nothing, or the decision will not be what was hoped for. The ETag says which version was looked at.
call shop "/v1/registrations/$id" -D "$tmp/header" > "$tmp/registration"
etag=$(tr -d '\r' < "$tmp/header" | sed -n 's/^[Ee][Tt][Aa][Gg]: //p')

# 7. The decision, on that version: if anything has changed since, the answer is 412 stale, and nothing was decided.
write shop "/v1/registrations/$id/decision" -H "If-Match: $etag" > "$tmp/decision"
decision=$(member id < "$tmp/decision")
verdict=$(member verdict < "$tmp/decision")
echo "decision $decision: $verdict"
sed -n 's/.*"explanation":\({.*}\)}$/\1/p' "$tmp/decision"

# 8. The receipt: keep it, and give it to the customer. Checked with nobody's help, years later:
#       truename audit receipt FILE --key "$(the log's key, had by another way)"
call shop "/v1/registrations/$id/receipt" > "$tmp/receipt"
[ -z "${RECEIPT:-}" ] || cp "$tmp/receipt" "$RECEIPT"

if [ "$verdict" != approve ]; then
    exit 1
fi

# 9. The carrier's side. A real one verifies the token before it activates anything (examples/activation does): signature by
#    /.well-known/jwks.json, typ, iss, aud, times, a jti that was not used, the number and the SIM that were ordered.
write carrier "/v1/registrations/$id/activation" > "$tmp/token"
call carrier /.well-known/jwks.json > "$tmp/jwks"
jti=$decision # the token's jti is the decision's id; who verifies the token takes it from there

# 10. The number is active: truename is told. Without it the approval lapses and frees its place in the limit.
write carrier "/v1/registrations/$id/activation/confirmation" --json @- > "$tmp/registration" <<END
{"decision": "$jti"}
END
echo "$(member state < "$tmp/registration") $id"
