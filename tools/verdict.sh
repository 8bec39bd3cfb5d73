# Counts passed and failed checks and prints a line for each; sourced by the other scripts in this directory.
# verdict true|false WHAT
passed=0
failed=0
verdict() {
    if [ "$1" = true ]; then
        passed=$((passed + 1))
        echo "ok      $2"
    else
        failed=$((failed + 1))
        echo "FAILED  $2"
    fi
}
