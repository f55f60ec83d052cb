#!/bin/sh
# A client of the Refill API with curl and a shell. No other program is needed.
#
#   export REFILL=https://refill.example.net KEY_FILE=/etc/acme/refill-key
#   printf %s CODE | ./refill.sh redeem USERNAME REFERENCE
#   ./refill.sh list [REFERENCE]
#
# The code comes by the standard input and the key from a file, so that neither is in the list
# of processes. The reference is the Idempotency-Key too: running the same line again tells the
# outcome and moves nothing twice.
set -eu
: "${REFILL:?}" "${KEY_FILE:?}"

# ask METHOD PATH [HEADER]: sends the standard input as the body of a POST. It prints the body
# of the answer. It tries up to five times where a repetition is of use.
ask() {
	dir=$(mktemp -d) try=1
	trap 'rm -rf "$dir"' EXIT
	printf 'Authorization: Bearer %s\nContent-Type: application/json\n%s\n' "$(cat "$KEY_FILE")" "${3:-}" >"$dir/head"
	set -- "$1" "$REFILL/api/v1$2"
	if [ "$1" = POST ]; then
		cat >"$dir/body"
		set -- "$@" --data-binary "@$dir/body"
	fi
	shift
	while :; do
		told=$(curl -sS --max-time 30 -H "@$dir/head" -o "$dir/answer" -w '%{http_code} %header{retry-after}' "$@") || told=000
		status=${told%% *} wait=${told#"$status"}
		case $status in
		2??) cat "$dir/answer" && echo && return ;;
		000 | 408 | 429 | 500 | 502 | 503 | 504) [ "$try" -lt 5 ] || break ;; # 000: no answer, so the outcome is unknown
		*) break ;;
		esac
		sleep "${wait:-$try}"
		try=$((try + 1))
	done
	[ ! -e "$dir/answer" ] || cat "$dir/answer" >&2
	echo " (status $status)" >&2
	return 1
}

# text TEXT: TEXT as a JSON string. Codes, usernames and references have no line breaks.
text() { printf '"%s"' "$(printf %s "$1" | sed 's/[\\"]/\\&/g')"; }

case ${1:-} in
redeem)
	printf '{"code":%s,"customer":{"username":%s},"reference":%s}' "$(text "$(cat)")" "$(text "$2")" "$(text "$3")" |
		ask POST /redemptions "Idempotency-Key: $3"
	;;
list) # the pages one after another, each on a line
	after=
	while page=$(ask GET "/redemptions?limit=50${2:+&reference=$2}$after"); do
		printf '%s\n' "$page"
		next=$(printf %s "$page" | sed -n 's/.*"next":"\([0-9]*\)".*/\1/p')
		[ -n "$next" ] || exit 0
		after="&after=$next"
	done
	exit 1
	;;
*)
	echo "usage: refill.sh redeem USERNAME REFERENCE | refill.sh list [REFERENCE]" >&2
	exit 2
	;;
esac
