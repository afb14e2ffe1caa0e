# SPDX-License-Identifier: Apache-2.0
# Sourced: install_packages FOLDER installs what packages.debian of that folder lists and the
# machine lacks. A package that cannot be installed is a failure.
install_packages() {
    missing=
    for package in $(sed 's/#.*//' "$1/packages.debian"); do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    echo "installing:$missing"
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    # shellcheck disable=SC2086
    $as_root apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq \
            --no-install-recommends $missing >/dev/null || {
        echo "these Debian packages could not be installed:$missing" >&2
        return 1
    }
}
