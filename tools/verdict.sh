# Counts what passed and what failed, with a line for each; read by the scripts beside it.
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
