#!/bin/sh
# To be double-clicked on macOS; on Linux mlay.desktop runs it.

month() {
    if command -v mlay >/dev/null 2>&1; then
        mlay month "$@"
    elif python3 -c "import mlay_batch"; then # else python3 gives 1: a file was refused
        python3 -m mlay_batch month "$@"
    else
        return 3
    fi
}

cd -- "$(dirname -- "$0")" || exit
month "$@"
code=$?
# Where standard input is no terminal nobody can press a key.
if [ $code -le 1 ]; then
    echo "Đã chạy xong và mở bảng việc cần làm viec-can-lam.xlsx. Có thể đóng cửa sổ này."
    [ -t 0 ] && sleep 10
else
    echo "Chưa chạy xong, lý do ghi ở trên. Chưa rõ cách xử lý thì chụp màn hình này gửi người phụ trách. Nhấn Enter để đóng."
    [ -t 0 ] && read -r _
fi
exit $code
