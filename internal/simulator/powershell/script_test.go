//nolint:dupword // what scripts write repeats itself
package powershell

import (
	"strings"
	"testing"
)

// output is what scripts write, by the scripts.
type output map[string]string

func (o output) check(t *testing.T) {
	t.Helper()
	for script, want := range o {
		got := run(t, newMachine(), script, "")
		if lines := strings.TrimSuffix(got.stdout, "\n"); lines != want || got.stderr != "" || got.exitCode != 0 {
			t.Errorf("%s\ngave %q, %q, %d; want %q", script, lines, got.stderr, got.exitCode, want)
		}
	}
}

func TestStringsAreReadAsPowerShellReadsThem(t *testing.T) {
	t.Parallel()
	output{
		"'it''s $x `n'":    "it's $x `n",
		`‘typographic’’s’`: "typographic’s",
		`"a $(1 + 2) b"`:   "a 3 b",
		"$x = 'v'; \"<$x> $($x + 'w') `$x \"\"quoted\"\"\"": `<v> vw $x "quoted"`,
		"\"tab`tline`nnull`0.\"":                            "tab\tline\nnull\x00.",
		"\"`u{1F600} `e[0m\"":                               "😀 \x1b[0m",
		`$h = @{ a = 1 }; "$h.a $($h.a)"`:                   "System.Collections.Hashtable.a 1",
		`$a = 1, 2; "$a[0] $($a[0])"`:                       "1 2[0] 1",
		`$n = 'x'; "${n}y $script:n"`:                       "xy x",
		`"nested $("inner $('x')")"`:                        "nested inner x",
		"@'\nverbatim $x 'y'\n  z\n'@":                      "verbatim $x 'y'\n  z",
		"$x = 1; @\"\nexpanded $x \"y\"\n\"@":               `expanded 1 "y"`,
		`"100$ and $"`:                                      "100$ and $",
		`"$(if ($true) { 'yes' }) $($null) $(1, 2, 3)"`:     "yes  1 2 3",
		`"$true $null $(1.5) $([guid]::Empty)"`:             "True  1.5 00000000-0000-0000-0000-000000000000",
	}.check(t)
}

func TestExpressionsAreEvaluatedAsPowerShellEvaluatesThem(t *testing.T) {
	t.Parallel()
	output{
		`1 + 2 * 3 - 1; 7 % 4; 7 / 2; 8 / 2; -3 + 1; 0x1F; 2kb; 1.5 * 2`:  "6\n3\n3.5\n4\n-2\n31\n2048\n3",
		`'a' + 1; '3' * 2; 1 + '2'; 'ab' * 0 + '.'`:                       "a1\n33\n3\n.",
		`(1, 2 + 3).Count; (, 1).Count; @().Count; $null.Count; 5.Count`:  "3\n1\n0\n0\n1",
		`1, 2 -join '-'; -join ('a', 'b'); 'a b' -split ' '`:              "1-2\nab\na\nb",
		`'x' -eq 'X'; 'x' -ceq 'X'; 'x' -ne 'y'; 1 -eq '1'; $null -eq ''`: "True\nFalse\nTrue\nTrue\nFalse",
		`1, 2, 3 -gt 1`: "2\n3",
		"'a' -ceq \"a`u{AD}`0\"; 'a'.Equals(\"a`u{AD}\")":                                                     "True\nFalse",
		`'abc' -like 'A*c'; 'abc' -clike 'A*'; 'abc' -match '^.b'; 'a' -in 'A', 'b'; 'A', 'b' -ccontains 'a'`: "True\nFalse\nTrue\nTrue\nFalse",
		`-not 1; !''; $true -and 0; 1 -or $false; $true -xor $true`:                                           "False\nTrue\nFalse\nTrue\nFalse",
		`2 -lt 10; '2' -lt '10'; [version] '7.4.10' -gt '7.4.9'`:                                              "True\nFalse\nTrue",
		`'{0:D3}|{1}|{0,4}|{{}}' -f 7, 'x'; '{0:X2}' -f 171`:                                                  "007|x|   7|{}\nAB",
		`'a-b' -replace '-(.)', '+$1'; 'aAa' -creplace 'a'`:                                                   "a+b\nA",
		`1..3; (3..1)[0]; (1..5)[-1]; 'abc'[1]; (1, 2, 3)[0, 2]`:                                              "1\n2\n3\n3\n5\nb\n1\n3",
		`6 -band 3; 6 -bor 3; 6 -bxor 3; -bnot 0`:                                                             "2\n7\n5\n-1",
		`$i = 1; $i++; $i += 2; ++$i; $i; $i--; ($i--); $i`:                                                   "5\n4\n3",
		`$a, $b = 1, 2, 3; "$a|$b"`:                                                                           "1|2 3",
		`1 -is [int]; 'x' -is [string]; @() -is [array]; @{} -is [hashtable]; 1 -isnot [bool]; '5' -as [int]`: "True\nTrue\nTrue\nTrue\nTrue\n5",
		`($x = 5); (Write-Output 1, 2).Count`:                                                                 "5\n2",
	}.check(t)
}

func TestCastsAreThoseOfPowerShell(t *testing.T) {
	t.Parallel()
	output{
		`[bool] ''; [bool] 'False'; [bool] @(); [bool] @(0); [bool] @(0, 0); [bool] @{}; [bool] 0.0`: "False\nTrue\nFalse\nFalse\nTrue\nTrue\nFalse",
		`[int] '42'; [int] ' 0x10 '; [int] 2.5; [int] 3.5; [int] $null; [int] $true; [int] ''`:       "42\n16\n2\n4\n0\n1\n0",
		`[string] $null; [string] (1, 2); [string] 1.0; [string[]] (1, 2)`:                           "\n1 2\n1\n1\n2",
		`[guid] '{0C0FFEE0-0000-4000-8000-000000000000}'; [guid] '0c0ffee0000040008000000000000000'`: "0c0ffee0-0000-4000-8000-000000000000\n0c0ffee0-0000-4000-8000-000000000000",
		`([byte[]] (1, 255)).Length; [char] 65; [int] [char] 'A'; [long] 5000000000`:                 "2\nA\n65\n5000000000",
		`([pscustomobject] @{ a = 1 }).a; ([datetime] '2026-01-02T03:04:05').ToString('s')`:          "1\n2026-01-02T03:04:05",
		`[void] 5; [switch] $true; $x = [int] '7'; $x + 1`:                                           "True\n8",
		`[int] $typed = '5'; $typed = '6'; $typed + 1`:                                               "7",
		`[bool] $h.missing; [int] $h.missing; "$($h.missing)|"`:                                      "False\n0\n|",
	}.check(t)
}

func TestStatementsDoWhatTheySay(t *testing.T) {
	t.Parallel()
	output{
		`if ($null) { 1 } elseif ('x' -eq 'X') { 2 } else { 3 }`:                                                           "2",
		"if (0) { 1 }\nelse { 2 } # comment\n<# block\n comment #> 3":                                                      "2\n3",
		`foreach ($i in 1, 2, 3, 4) { if ($i -eq 2) { continue }; if ($i -eq 4) { break }; $i }`:                           "1\n3",
		`foreach ($i in $null) { 'never' }; foreach ($i in 'once') { $i }; foreach ($i in @{ a = 1 }) { $i.a }`:            "once\n1",
		`$i = 0; while ($i -lt 3) { $i++ }; $i; do { $i-- } until ($i -le 1); $i; for ($j = 0; $j -lt 2; $j++) { $j }`:     "3\n1\n0\n1",
		`switch ('b') { 'a' { 1 } 'B' { 2 } default { 3 } }; switch (5) { { $_ -gt 3 } { "big $_" } default { 'small' } }`: "2\nbig 5",
		`switch -Wildcard ('abc') { 'a*' { 1; break } '*c' { 2 } }; switch ('x', 'y') { x { 'X' } default { 'other' } }`:   "1\nX\nother",
		`$x = if ($true) { 'a' } else { 'b' }; $x; $y = foreach ($i in 1, 2) { $i * 2 }; "$y"`:                             "a\n2 4",
		`function F { return 5; 6 }; F; 7`:                                                                                      "5\n7",
		`function F([string] $A, $B = 'd') { "$A/$B" }; F 1 -B 2; F -b 3 x; F; F -A:y`:                                          "1/2\nx/3\n/d\ny/d",
		`function F { param([switch] $S, [int] $N) "$S $N" }; F -S 5; F 6; F -S:$false -N '7'`:                                  "True 5\nFalse 6\nFalse 7",
		`function F { $args.Count; $args[1] }; F a b c`:                                                                         "3\nb",
		`function F { , @(1, 2) }; (F).Count; function G { @(1) }; (G) -is [array]; function H { @() }; $null -eq (H)`:          "2\nFalse\nTrue",
		`function F { 1; [void] 2; $null = 3; $x = 4; $l = [System.Collections.Generic.List[object]]::new(); $l.Add(5); 6 }; F`: "1\n6",
		`function F { $l = New-Object System.Collections.ArrayList; $l.Add('leaks'); 'x' }; F`:                                  "0\nx",
		`exit 0; 'never'`: "",
		`1, 2, 3 | ForEach-Object { $_ * 2 } | Where-Object { $_ -gt 2 }; 5 | Out-Null; 1, 2 | % { $_ } | ? { $_ -eq 2 }`:             "4\n6\n2",
		`'a', 'b' | ForEach-Object { [pscustomobject] @{ n = $_ } } | ForEach-Object n; @{ k = 1 } | Select-Object -ExpandProperty k`: "a\nb\n1",
		`function F { process { "<$_>" } end { 'end' } }; 1, 2 | F`:                                                                   "<1>\n<2>\nend",
		`function F { foreach ($i in $input) { $i + 1 } }; 1, 2 | F`:                                                                  "2\n3",
	}.check(t)
}

func TestScopesAreThoseOfPowerShell(t *testing.T) {
	t.Parallel()
	output{
		`$x = 1; function F { $x; $x = 2; $x }; F; $x`:                                                               "1\n2\n1",
		`$script:s = 1; function F { $script:s = 2; $l = 3 }; F; "$s $l|"`:                                           "2 |",
		`function Outer { $v = 'dynamic'; Inner }; function Inner { $v }; Outer`:                                     "dynamic",
		`$n = 1; function F { $n += 1; $n }; F; F; $n`:                                                               "2\n2\n1",
		`$t = @{ w = @() }; function F { $t.w += @{ a = 1 } }; F; $null = F; ConvertTo-Json $t.w -Compress`:          `[{"a":1},{"a":1}]`,
		`$x = 1; & { $x = 2 }; $x; . { $x = 3 }; $x`:                                                                 "1\n3",
		`$b = { param($a) "got $a" }; & $b 'x'; & ([scriptblock]::Create('param($A) "got $A"')) 'y'; $b.Invoke('z')`: "got x\ngot y\ngot z",
		`& { function Local { 'inside' }; Local }; $x = 1; 1 | ForEach-Object { $x = 2 }; $x`:                        "inside\n2",
	}.check(t)
}

func TestHashtablesAndObjectsAreThoseOfPowerShell(t *testing.T) {
	t.Parallel()
	output{
		`$h = @{ a = 1; 'b c' = 2; 3 = 'n' }; $h.A; $h['b c']; $h.'b c'; $h[3]; $h.none; $h.Count`:                                          "1\n2\n2\nn\n\n3",
		`$h = @{}; $h.x = 1; $h['y'] = 2; $h.Add('z', 3); $h.Remove('x'); $h.ContainsKey('X'); $h.Keys -join ','`:                           "False\ny,z",
		`$o = [ordered] @{ b = 1; a = 2 }; ConvertTo-Json $o -Compress; $o[0]; "$o"`:                                                        "{\"b\":1,\"a\":2}\n1\nSystem.Collections.Specialized.OrderedDictionary",
		`$h = @{ a = 1 } + @{ b = 2 }; $h.b; $k = 'b'; $h.$k`:                                                                               "2\n2",
		`@{ a = Write-Output 5; b = if ($true) { 'x' } }.a`:                                                                                 "5",
		`(ConvertFrom-Json -InputObject '{"a":{"b":[1,"x"]}}').a.b[1]; ('{"a":1}' | ConvertFrom-Json).A`:                                    "x\n1",
		`(ConvertFrom-Json '[{"n":1},{"n":2}]').n -join ','; (ConvertFrom-Json '{"l":[]}').l.Count; [bool] (ConvertFrom-Json '{"l":[]}').l`: "1,2\n0\nFalse",
		`ConvertTo-Json -InputObject @{ a = @{ b = @{ c = @{ d = 1 } } } } -Compress -WarningAction SilentlyContinue`:                       `{"a":{"b":{"c":"System.Collections.Hashtable"}}}`,
		`1 | ConvertTo-Json; , 1 | ConvertTo-Json -Compress; ConvertTo-Json @(1) -Compress; 1, 2 | ConvertTo-Json -Compress`:                "1\n1\n[1]\n[1,2]",
		`ConvertTo-Json @{ a = 1.0 }`:                                 "{\n  \"a\": 1.0\n}",
		`ConvertTo-Json '<"é\ '' &>' -Compress; ConvertTo-Json $null`: `"<\"é\\ ' &>"` + "\nnull",
		`ConvertTo-Json ([datetime] '2026-01-02T03:04:05Z') -Compress; (ConvertFrom-Json '{"d":"2026-01-02T03:04:05Z"}').d.Year`: `"2026-01-02T03:04:05Z"` + "\n2026",
		`ConvertTo-Json ([guid]::Empty) -Comp`: `"00000000-0000-0000-0000-000000000000"`,
		`$p = @{ Depth = 3; Compress = $true }; ConvertTo-Json -InputObject ([ordered]@{ b = 1; a = @(); c = $null; "d" = $true }) @p`: `{"b":1,"a":[],"c":null,"d":true}`,
		`function F($A, $B) { "$A-$B" }; $l = 'x', 'y'; F @l; $h = @{ B = 1 }; F 0 @h`:                                                 "x-y\n0-1",
		`$a = @(1, 2); $b = $a; $a[0] = 9; $b[0]; $b += 3; $a.Count`:                                                                   "9\n2",
	}.check(t)
}

func TestErrorsAreCaughtAsPowerShellCatchesThem(t *testing.T) {
	t.Parallel()
	output{
		`try { throw 'no' } catch { "caught $($_.Exception.Message) $_ $($_.FullyQualifiedErrorId)" } finally { 'end' }`:                                       "caught no no no\nend",
		`try { [Convert]::FromBase64String('%') } catch [System.FormatException] { $_.FullyQualifiedErrorId; $_.Exception.InnerException.GetType().FullName }`: "FormatException\nSystem.FormatException",
		`try { [Convert]::FromBase64String('%') } catch { $_.Exception.Message.Substring(0, 55) }`:                                                             `Exception calling "FromBase64String" with "1" argument(`,
		`try { Nonsense } catch [System.IO.IOException] { 1 } catch { $_.FullyQualifiedErrorId }`:                                                              "CommandNotFoundException",
		`try { try { throw 'a' } finally { 'f' } } catch { "$_" }`:                                                                                             "f\na",
		`try { try { throw 'a' } catch { throw } } catch { "again $_" }`:                                                                                       "again a",
		`try { try { throw 'a' } catch { throw "b after $($_.Exception.Message)" } } catch { "$_" }`:                                                           "b after a",
		`function F { try { return 'r' } finally { 'f' } }; F`:                                                                                                 "r\nf",
		`foreach ($i in 1, 2) { try { continue } finally { "f$i" } }`:                                                                                          "f1\nf2",
		`try { Write-Error 'soft' -ErrorAction Stop } catch { "$_|$($_.FullyQualifiedErrorId)" }`:                                                              "soft|Microsoft.PowerShell.Commands.WriteErrorException,Microsoft.PowerShell.Commands.WriteErrorCommand",
		`Write-Error 'soft' -ErrorAction SilentlyContinue -ErrorVariable e; "$($e.Count) $e"`:                                                                  "1 soft",
		`Write-Warning 'w' -WarningVariable w -WarningAction SilentlyContinue; $w.Count; "$($w[0])"`:                                                           "1\nw",
		`$ErrorActionPreference = 'SilentlyContinue'; Nonsense; 'goes on'`:                                                                                     "goes on",
		`try { [System.IO.File]::ReadAllText('C:\none') } catch [System.IO.DirectoryNotFoundException], [System.IO.FileNotFoundException] { 'no file' }`:       "no file",
		`try { throw [pscustomobject] @{ code = 5 } } catch { $_.TargetObject.code }`:                                                                          "5",
		`try { 1 / 0 } catch [System.DivideByZeroException] { "$_" }`:                                                                                          "Attempted to divide by zero.",
		`try { $null.Call() } catch { $_.CategoryInfo.Category; $_.FullyQualifiedErrorId }`:                                                                    "InvalidOperation\nInvokeMethodOnNull",
		`try { [int] 'x' } catch { "$_" }`:                                                                                                                     `Cannot convert value "x" to type "System.Int32". Error: "The input string 'x' was not in a correct format."`,
		`try { [int] 3000000000 } catch { "$_" }`:                                                                                                              `Cannot convert value "3000000000" to type "System.Int32". Error: "Value was either too large or too small for an Int32."`,
		`function F([int] $N) { $N }; try { F x } catch { $_.FullyQualifiedErrorId }`:                                                                          "ParameterArgumentTransformationError,F",
		`try { [scriptblock]::Create('if (') } catch { $_.Exception.InnerException.GetType().Name }`:                                                           "ParseException",
		`function F { param([Parameter(Mandatory)] $A) }; try { F } catch { "$_" }`:                                                                            "Cannot process command because of one or more missing mandatory parameters: A.",
	}.check(t)
}

func TestDotNetIsStoodInFor(t *testing.T) {
	t.Parallel()
	output{
		`"$($PSVersionTable.PSVersion)"; $PSVersionTable.PSVersion.Major; $PSVersionTable.PSEdition`:                                                                      "7.4.6\n7\nCore",
		`$b = [System.Text.Encoding]::UTF8.GetBytes('é'); $b.Length; [Convert]::ToBase64String($b); [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('w6k='))`: "2\nw6k=\né",
		`$f = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), 'x.pfx'); [System.IO.File]::WriteAllBytes($f, [Convert]::FromBase64String('YQ==')); Test-Path -LiteralPath $f -PathType Leaf; [System.IO.Directory]::GetFiles([System.IO.Path]::GetTempPath(), '*.pfx'); [System.IO.File]::Delete($f); Test-Path $f`: "True\n" + `C:\Users\svc-terraform\AppData\Local\Temp\x.pfx` + "\nFalse",
		`[System.IO.File]::WriteAllText('C:/Users\svc-terraform\..\SVC-terraform\a.txt', 'hey'); [System.IO.File]::ReadAllText('c:\users\svc-terraform\A.TXT'); Remove-Item 'a.txt'; [System.IO.File]::Exists('C:\Users\svc-terraform\a.txt')`:                                                                                "hey\nFalse",
		`$s = [System.Security.SecureString]::new(); foreach ($c in '😀x'.ToCharArray()) { $s.AppendChar($c) }; $s.Length; "$s"`:                                                                                                                                                                                               "3\nSystem.Security.SecureString",
		`([guid]::NewGuid().ToString().Length); [guid]::NewGuid() -eq [guid]::NewGuid()`:                                                           "36\nFalse",
		`[string]::IsNullOrEmpty(''); 'aXb'.Replace('X', '-').ToUpper(); 'abc'.StartsWith('ab'); 'abc'.Equals('ABC')`:                              "True\nA-B\nTrue\nFalse",
		`$l = [System.Collections.Generic.List[object]]::new(); $l.Add('a'); $l.Add('b'); $l.Count; "$l"`:                                          "2\na b",
		`[datetime]::MinValue.Year; ([datetime] '2026-01-02T03:04:05Z').ToUniversalTime().ToString('s') + 'Z'`:                                     "1\n2026-01-02T03:04:05Z",
		`$m = [System.Threading.Mutex]::new($false, 'Global\x'); $m.WaitOne(0); $m.WaitOne(0); $m.ReleaseMutex(); $m.ReleaseMutex(); $m.Dispose()`: "True\nTrue",
		`(5).GetType().FullName; 'x'.GetType().Name; @{}.GetType().Name; $env:TEMP`:                                                                "System.Int32\nString\nHashtable\n" + `C:\Users\svc-terraform\AppData\Local\Temp`,
		`[Console]::Out.Write('a'); [Console]::Out.WriteLine('b'); [Console]::OutputEncoding = [System.Text.Encoding]::UTF8`:                       "ab",
	}.check(t)
}

func TestStandardInputIsReadByLines(t *testing.T) {
	t.Parallel()
	got := run(t, newMachine(), `$a = [Console]::In.ReadLine(); $b = [Console]::In.ReadToEnd(); "$a|$b|"; $null -eq [Console]::In.ReadLine()`, "one\r\ntwo\nthree")
	if got.stdout != "one|two\nthree|\nTrue\n" {
		t.Errorf("%+v", got)
	}
}

// What is not PowerShell, or nothing that the stand-in knows, is an error.
func TestWhatIsNotUnderstoodIsAnError(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		`if (1) { 2`:                           "Missing closing '}' in statement block or type definition.",
		`(1`:                                   "Missing closing ')' in expression.",
		`'open`:                                "The string is missing the terminator: '.",
		`"open`:                                `The string is missing the terminator: ".`,
		`<# open`:                              "The terminator '#>' is missing",
		`try { 1 }`:                            "The Try statement is missing its Catch or Finally block.",
		`1 2`:                                  "Unexpected token '2' in expression or statement.",
		`$x = `:                                "You must provide a value expression following the '=' operator.",
		`@{ a = 1; A = 2 }`:                    "Duplicate keys 'A' are not allowed in hash literals.",
		`@{ a }`:                               "Missing '=' operator after key in hash literal.",
		`1 = 2`:                                "The assignment expression is not valid.",
		`"$x: y"`:                              "Variable reference is not valid.",
		`}`:                                    "Unexpected token '}'",
		`function { }`:                         "Missing name after function keyword.",
		`[int`:                                 "Missing ] at end of type token.",
		`@x`:                                   "The splatting operator '@' cannot be used to reference variables",
		`1 | 2`:                                "Expressions are only allowed as the first element of a pipeline.",
		`class C { }`:                          "does not know 'class'",
		`Test-Path x > y`:                      "does not know '>'",
		`Test-Path x && 1`:                     "does not know '&'",
		`Test-Path a$b`:                        "does not expand words",
		`$Error`:                               "does not know the automatic variable $error",
		`Get-Nonsense`:                         "The term 'Get-Nonsense' is not recognized as a name of a cmdlet",
		`Invoke-Expression 'calc'`:             "'Invoke-Expression' is not recognized",
		`calc.exe`:                             "'calc.exe' is not recognized",
		`[Diagnostics.Process]::Start('calc')`: "Unable to find type [diagnostics.process].",
		`'x'.Nonsense()`:                       "does not contain a method named 'Nonsense'",
		`'x'.Nonsense`:                         "The property 'Nonsense' cannot be found",
		`[System.IO.File]::Nonsense()`:         "does not contain a method named 'Nonsense'",
		`[guid] 'x'`:                           `Cannot convert value "x" to type "System.Guid". Error: "Unrecognized Guid format."`,
		`Test-Path -Nonsense 1`:                "A parameter cannot be found that matches parameter name 'Nonsense'.",
		`Test-Path -P 1`:                       "Possible matches include: -PathType -Path -PipelineVariable.",
		`Test-Path -Path 1 -Path 2`:            "Cannot bind parameter because parameter 'Path' is specified more than once.",
		`Test-Path x -PathType Nonsense`:       "Unable to match the identifier name Nonsense to a valid enumerator name.",
		`Test-Path x -PathType`:                "Missing an argument for parameter 'PathType'.",
		`1 | Test-Path x`:                      "The input object cannot be bound to any parameters for the command",
		`ConvertTo-Json 1 -Compress:'x'`:       "Boolean parameters accept only Boolean values and numbers",
		`$null[0]`:                             "Cannot index into a null array.",
		`$true = 1`:                            "Cannot overwrite variable true because it is read-only or constant.",
		`(5).x = 1`:                            "The property 'x' cannot be found on this object.",
		`function F { F }; F`:                  "The script failed due to call depth overflow.",
		`ConvertFrom-Json '{'`:                 "Conversion from JSON failed",
		`ConvertFrom-Json '{"a":1,"A":2}'`:     "duplicated key 'A'",
		`[System.IO.File]::WriteAllText('Q:\none\x', '')`: "Could not find a part of the path 'Q:\\none\\x'.",
		`try { throw 'a' } catch [Nonsense] { 1 }`:        "Unable to find type [nonsense].",
		`'x' -match '('`: "does not know this pattern",
		`$ErrorActionPreference = 'Stop'; Nonsense; [Console]::Error.Write('GOES ON')`: "not recognized",
	} {
		got := run(t, newMachine(), script, "")
		if !strings.Contains(got.stderr, want) || strings.Contains(got.stderr, "GOES ON") || got.exitCode != 1 {
			t.Errorf("%s\ngave %+v; want the error %q", script, got, want)
		}
	}
}

func TestErrorsAreShownAsEachPowerShellShowsThem(t *testing.T) {
	t.Parallel()
	const script = "$x = 1\nNonsense $x\n'goes on'; throw 'end'; 'never'"
	core := run(t, newMachine(), script, "")
	if want := "Nonsense: \nLine |\n   2 |  Nonsense $x\n     |  ~~~~~~~~~~~\n     | The term 'Nonsense' is not recognized as a name of a cmdlet, function, " +
		"script file, or executable program.\nCheck the spelling of the name, or if a path was included, verify that the path is correct and try again.\n" +
		"Exception: \nLine |\n   3 |  'goes on'; throw 'end'; 'never'\n     |             ~~~~~~~~~~~\n     | end\n"; core.stderr != want {
		t.Errorf("PowerShell 7 wrote\n%s\nwant\n%s", core.stderr, want)
	}
	desktop := exec(t.Context(), newMachine(), "powershell -EncodedCommand "+encoded(script), "")
	if want := "Nonsense : The term 'Nonsense' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling " +
		"of the name, or if a path was included, verify that the path is correct and try again.\nAt line:2 char:1\n+ Nonsense $x\n+ ~~~~~~~~~~~\n" +
		"    + CategoryInfo          : ObjectNotFound: (Nonsense:String) [Nonsense], CommandNotFoundException\n" +
		"    + FullyQualifiedErrorId : CommandNotFoundException\n \n" +
		"end\nAt line:3 char:12\n+ 'goes on'; throw 'end'; 'never'\n+            ~~~~~~~~~~~\n" +
		"    + CategoryInfo          : OperationStopped: (end:String) [], RuntimeException\n    + FullyQualifiedErrorId : end\n \n"; desktop.stderr != want {
		t.Errorf("Windows PowerShell wrote\n%s\nwant\n%s", desktop.stderr, want)
	}
	for _, got := range []result{core, desktop} {
		if got.stdout != "goes on\n" || got.exitCode != 1 {
			t.Errorf("%+v", got)
		}
	}
	serialized := exec(t.Context(), newMachine(), "pwsh -OutputFormat XML -EncodedCommand "+encoded("throw 'a<b_x'"), "")
	if want := `<S S="Error">Exception: a&lt;b_x005F_x_x000D__x000A_</S></Objs>`; !strings.HasPrefix(serialized.stderr, "#< CLIXML\n<Objs ") ||
		!strings.HasSuffix(serialized.stderr, want) {
		t.Errorf("the serialized error is %s", serialized.stderr)
	}
}

func TestWindowsPowerShellDiffersWhereItDoes(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		`"$($PSVersionTable.PSVersion) $($PSVersionTable.PSEdition)"`: "5.1.17763.5458 Desktop",
		`ConvertTo-Json "<'&>" -Compress`:                             `"\u003c\u0027\u0026\u003e"`,
		`(ConvertFrom-Json '{"d":"2026-01-02T03:04:05Z"}').d`:         "2026-01-02T03:04:05Z",
		`(ConvertFrom-Json '[1,2]' | ForEach-Object { 'once' })`:      "once",
		"\"`e\"": "e",
		`try { [guid] 'x' } catch { "$_".Substring(56, 26) }`: "Guid should contain 32 dig",
	} {
		if got := exec(t.Context(), newMachine(), "powershell.exe -EncodedCommand "+encoded(script), ""); got.stdout != want+"\n" {
			t.Errorf("%s\ngave %+v; want %q", script, got, want)
		}
	}
}
