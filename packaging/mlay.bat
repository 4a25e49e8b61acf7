@echo off
rem Without it a path with an exclamation mark may lose it.
setlocal EnableExtensions DisableDelayedExpansion
set "PYTHON=%~dp0program\python.exe"
set "OFFICE=%~dp0van-phong"
if not exist "%PYTHON%" goto missing
if not "%~1"=="" goto typed
rem No "call": it would read a path with a percent sign twice. The other file does all from here on.
if exist "%OFFICE%\mlay.toml" "%OFFICE%\mlay.bat"
"%PYTHON%" -X utf8 -m mlay_batch init "%OFFICE%"
set "CODE=%ERRORLEVEL%"
if exist "%OFFICE%\mlay.toml" start "" "%OFFICE%\register.xlsx"
pause
exit /b %CODE%
:typed
rem What is typed in this very folder is about the office beside it.
if exist "van-phong\mlay.toml" set "MLAY_WORKSPACE=van-phong"
"%PYTHON%" -X utf8 -m mlay_batch %*
exit /b %ERRORLEVEL%
:missing
chcp 65001 >nul
rem In UTF-8 cmd.exe may lose its place in a file: after the line with such words it reads no more.
echo Không thấy thư mục program bên cạnh tệp này. Hãy giải nén cả tệp zip (bấm chuột phải, Extract All), rồi bấm đúp mlay.bat trong thư mục đã giải nén. & pause >nul & exit /b 3
