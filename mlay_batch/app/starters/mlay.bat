@echo off
setlocal EnableExtensions DisableDelayedExpansion
set "MLAY=py -m mlay_batch"
where mlay.exe >nul 2>nul
if "%ERRORLEVEL%"=="0" set "MLAY=mlay.exe"
rem The program that came in a zip lies beside this folder, wherever both are now.
set "ZIP=%~dp0..\program"
if exist "%ZIP%\packages\mlay_batch" set MLAY="%ZIP%\python.exe" -X utf8 -m mlay_batch
rem Who types "mlay" in this folder means the program, but cmd.exe finds this file first.
if /i not "%~0"=="mlay" goto month
%MLAY% %*
exit /b %ERRORLEVEL%
:month
cd /d "%~dp0"
rem Without the program py gives 1, which from mlay means that a file was refused.
%MLAY% --version >nul
if not "%ERRORLEVEL%"=="0" set "MLAY="
if defined MLAY %MLAY% month %*
set "CODE=%ERRORLEVEL%"
if not defined MLAY set "CODE=3"
rem -1: until a key is pressed. Where nobody can press one, timeout.exe does not wait.
set "WAIT=-1"
if "%CODE%"=="0" set "WAIT=10"
if "%CODE%"=="1" set "WAIT=10"
chcp 65001 >nul
rem In UTF-8 cmd.exe may lose its place in a file: after the line with such words it reads no more.
(if "%WAIT%"=="10" (echo Đã chạy xong và mở bảng việc cần làm viec-can-lam.xlsx. Có thể đóng cửa sổ này.) else (echo Chưa chạy xong, lý do ghi ở trên. Chưa rõ cách xử lý thì chụp màn hình này gửi người phụ trách. Nhấn phím bất kỳ để đóng.)) & "%SystemRoot%\System32\timeout.exe" /t %WAIT% >nul 2>nul & exit /b %CODE%
