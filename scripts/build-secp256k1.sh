#!/bin/sh
# Rebuilds src/nostr/secp256k1/secp256k1.wasm from bitcoin-core's libsecp256k1 and checks that every byte is the same.
#
#   scripts/build-secp256k1.sh [libsecp256k1_0.5.0.orig.tar.xz]
#
# Without the tarball it comes from Debian 13's source package libsecp256k1 0.5.0-2, by the machine's own Debian mirror.
# Tools: `apt-get install clang-19 lld-19` (19.1.7 on Debian 12 and 13); other versions give other bytes.
# After a change of binding.c or of the settings below, RENEW=1 takes the new file's hash instead of checking it.
set -eu

SOURCE_SHA256=13b70138be52d7a23bdf0ea39ed79799a30eb855f2ed82c028357f6432cd536b
CLANG_VERSION=19.1.7

# WebAssembly multiplies 64 bits to 64, so field elements of ten 26-bit limbs (INT64) beat five of 52.
# The window and the comb weigh table bytes against point additions: docs/decisions/0002-libsecp256k1-in-wasm.md.
SETTINGS='-DUSE_FORCE_WIDEMUL_INT64=1 -DECMULT_WINDOW_SIZE=10 -DCOMB_BLOCKS=11 -DCOMB_TEETH=6'
BUFFERS='--export=hash --export=signature --export=public_key --export=secret_key --export=random32 --export=shared'

root=$(cd "$(dirname "$0")/.." && pwd)
here=$root/src/nostr/secp256k1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Downloads the source package without touching the machine's own package lists.
download() {
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian //p' | grep -v security | head -n 1)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/sources.list"
  set -- -q -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=
  apt-get "$@" update >&2
  (cd "$work" && apt-get "$@" source --download-only libsecp256k1=0.5.0-2 >&2)
}

case "$(clang-19 --version)" in
  *" $CLANG_VERSION "*) ;;
  *) echo "clang $CLANG_VERSION is wanted, this is $(clang-19 --version | head -n 1)" >&2 && exit 1 ;;
esac

if [ $# -gt 0 ]; then cp "$1" "$work/libsecp256k1_0.5.0.orig.tar.xz"; else download; fi
echo "$SOURCE_SHA256  $work/libsecp256k1_0.5.0.orig.tar.xz" | sha256sum --check --quiet
mkdir "$work/library"
tar -xf "$work/libsecp256k1_0.5.0.orig.tar.xz" -C "$work/library" --strip-components=1

# Compiled and linked in two steps: in one, clang would pass the result through whatever wasm-opt it finds.
# -ffreestanding keeps calls of memset as they are written, so that the clearing of secrets is not optimised away.
# shellcheck disable=SC2086
clang-19 --target=wasm32-unknown-unknown -std=c11 -O2 -msimd128 -ffreestanding $SETTINGS \
  -I"$here/freestanding" -I"$work/library" -ffile-prefix-map="$work=." \
  -Wall -Wextra -Werror -Wno-unused-function -Wno-unused-parameter \
  -c "$here/binding.c" -o "$work/secp256k1.o"
# shellcheck disable=SC2086
wasm-ld-19 --no-entry --stack-first -z stack-size=65536 --strip-all --fatal-warnings $BUFFERS \
  "$work/secp256k1.o" -o "$work/secp256k1.wasm"

cd "$work"
if [ "${RENEW:-}" = 1 ]; then
  sha256sum secp256k1.wasm >"$here/secp256k1.wasm.sha256"
else
  sha256sum --check "$here/secp256k1.wasm.sha256"
fi
install -m 644 secp256k1.wasm "$here/secp256k1.wasm"
install -m 644 library/COPYING "$here/COPYING"
