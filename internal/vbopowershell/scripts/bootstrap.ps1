# The only PowerShell that travels on a command line, which Windows limits to
# 8,191 characters and logs. It reads one line of JSON from standard input,
#
#   script    what to run
#   request   the one argument of the script
#
# and runs the script. Whatever else the script wants to read follows. PowerShell's
# host reads standard input itself if it sees the variable "input" here.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$envelope = ConvertFrom-Json -InputObject ([Console]::In.ReadLine())
& ([scriptblock]::Create($envelope.script)) $envelope.request
