# Reads the settings of the restore portal and of the services that it needs,
# after it has changed those that the request names.
#
# $Request has
#
#   modulePath    the manifest of Veeam.Archiver.PowerShell
#   lockSeconds   how long to wait for another run of this script; 0: read without waiting
#   expected      settings that an earlier run returned: if the server's are not the same, nothing is changed. Empty: whatever they are
#   changes       what to change, in this order, each with a member "settings" (restApi,
#                 operatorAuthentication, tenantAuthentication, restorePortal), the
#                 values, and "certificate": whether there is a new one
#
# For each new certificate, two lines follow on standard input: the PFX file in
# base64, and its password in base64. They are not part of the request because
# PowerShell's module logging writes down what cmdlets such as ConvertFrom-Json
# are given.
#
# The last line of standard output is "vb365:" and the answer: JSON, in UTF-8, in
# base64. Neither code pages nor what profiles and cmdlets print can harm it.
#
# Runs in PowerShell 7 and, for products before 8, in Windows PowerShell 5.1.
param($Request)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$InformationPreference = 'SilentlyContinue'

$answer = @{
    powershell = "$($PSVersionTable.PSVersion)"
    warnings   = @()
    settings   = ''
    failure    = $null
}

# What is being done, for the failure to name.
$script:step = ''

function Invoke-Step([string] $Cmdlet, [hashtable] $Parameters) {
    $script:step = $Cmdlet
    $warnings = @()
    try {
        & $Cmdlet @Parameters -ErrorAction Stop -WarningVariable warnings -WarningAction SilentlyContinue
    }
    finally {
        # What a cmdlet warned of before it failed may say why.
        foreach ($warning in $warnings) {
            $answer.warnings += @{ cmdlet = $Cmdlet; message = "$warning" }
        }
    }
}

function Stop-Step([string] $Kind, [string] $Message) {
    $answer.failure = @{ kind = $Kind; cmdlet = $script:step; message = $Message }
    throw $Message
}

function Get-CertificateFacts($Settings) {
    # Without a certificate, the date is null or the earliest there is.
    $expires = ''
    $date = $Settings.CertificateExpirationDate
    if ($null -ne $date -and $date.Year -gt 1) {
        $expires = $date.ToUniversalTime().ToString('s') + 'Z'
    }
    [ordered]@{
        thumbprint = "$($Settings.CertificateThumbprint)"
        issuedTo   = "$($Settings.CertificateIssuedTo)"
        issuedBy   = "$($Settings.CertificateIssuedBy)"
        expires    = $expires
    }
}

function Get-Current([string] $Cmdlet) {
    $current = Invoke-Step $Cmdlet @{}
    # Nothing would pass for settings of which all are off.
    if ($null -eq $current) { throw "$Cmdlet returned nothing." }
    $current
}

function ConvertTo-Switch($Value) {
    if ($null -eq $Value) { return $null }
    [bool] $Value
}

function Get-Settings {
    $api = Get-Current 'Get-VBORestAPISettings'
    $operators = Get-Current 'Get-VBOOperatorAuthenticationSettings'
    $tenants = Get-Current 'Get-VBOTenantAuthenticationSettings'
    $portal = Get-Current 'Get-VBORestorePortalSettings'
    [ordered]@{
        restApi                = [ordered]@{
            enabled                    = [bool] $api.IsServiceEnabled
            httpsPort                  = [int] $api.HTTPSPort
            # Products before 8 have neither of these two: null.
            swaggerUI                  = ConvertTo-Switch $api.EnableSwaggerUI
            operatorAuthenticationOnly = ConvertTo-Switch $api.EnableOperatorAuthenticationOnly
            certificate                = Get-CertificateFacts $api
        }
        operatorAuthentication = [ordered]@{
            enabled     = [bool] $operators.AuthenticationEnabled
            certificate = Get-CertificateFacts $operators
        }
        tenantAuthentication   = [ordered]@{
            enabled     = [bool] $tenants.AuthenticationEnabled
            certificate = Get-CertificateFacts $tenants
        }
        restorePortal          = [ordered]@{
            enabled       = [bool] $portal.IsServiceEnabled
            applicationId = "$($portal.ApplicationId)"
            portalUri     = "$($portal.PortalUri)"
            region        = "$($portal.Region)"
            certificate   = Get-CertificateFacts $portal
        }
    }
}

# Parameters that a cmdlet is not given keep their values, but whether that holds
# for switches is documented both ways: every switch that the product has is
# always given.
function Get-Parameters($Change, $Settings) {
    if ($Change.settings -eq 'restApi') {
        $parameters = @{ EnableService = [bool] $Change.enabled; HTTPSPort = [int] $Change.httpsPort }
        $api = $Settings.restApi
        if ($null -ne $api.swaggerUI) { $parameters.EnableSwaggerUI = $api.swaggerUI }
        if ($null -ne $api.operatorAuthenticationOnly) {
            $parameters.EnableOperatorAuthenticationOnly = $api.operatorAuthenticationOnly
        }
        return $parameters
    }
    if ($Change.settings -eq 'restorePortal') {
        $parameters = @{ EnableService = [bool] $Change.enabled }
        if ($Change.applicationId) { $parameters.ApplicationId = [guid] $Change.applicationId }
        if ($Change.portalUri) { $parameters.PortalUri = [string] $Change.portalUri }
        if ($Change.region) { $parameters.Region = [string] $Change.region }
        return $parameters
    }
    return @{ EnableAuthentication = [bool] $Change.enabled }
}

function ConvertTo-Password([string] $Text) {
    # Character by character: what ConvertTo-SecureString is given may be logged.
    $password = [System.Security.SecureString]::new()
    foreach ($character in $Text.ToCharArray()) { $password.AppendChar($character) }
    $password
}

function Set-Settings($Change, $Settings) {
    $cmdlets = @{
        restApi                = 'Set-VBORestAPISettings'
        operatorAuthentication = 'Set-VBOOperatorAuthenticationSettings'
        tenantAuthentication   = 'Set-VBOTenantAuthenticationSettings'
        restorePortal          = 'Set-VBORestorePortalSettings'
    }
    $script:step = $cmdlets[$Change.settings]
    $parameters = Get-Parameters $Change $Settings
    $file = ''
    try {
        if ($Change.certificate) {
            $pfx = [Console]::In.ReadLine()
            $password = [System.Text.Encoding]::UTF8.GetString([Convert]::FromBase64String([Console]::In.ReadLine()))
            $file = [System.IO.Path]::Combine($folder, 'terraform-provider-vb365-' + [guid]::NewGuid() + '.pfx')
            [System.IO.File]::WriteAllBytes($file, [Convert]::FromBase64String($pfx))
            $parameters.CertificateFilePath = $file
            if ($password) { $parameters.CertificatePassword = ConvertTo-Password $password }
        }
        $null = Invoke-Step $cmdlets[$Change.settings] $parameters
    }
    finally {
        if ($file) { Remove-CertificateFile $file }
    }
}

# What holds the file, such as a virus scanner, must neither hide how the change
# ended nor stop the next one.
function Remove-CertificateFile([string] $File) {
    try { [System.IO.File]::Delete($File) }
    catch {
        $message = "$($_.Exception.Message) It holds a certificate with its private key: delete it. The next change tries to."
        $answer.warnings += @{ cmdlet = '[System.IO.File]::Delete'; message = $message }
    }
}

$mutex = $null
$locked = $false
$folder = [System.IO.Path]::GetTempPath()
try {
    $script:step = 'Import-Module'
    if (-not (Test-Path -LiteralPath $Request.modulePath -PathType Leaf)) {
        Stop-Step 'moduleMissing' "There is no file $($Request.modulePath)."
    }
    Import-Module -Name $Request.modulePath -DisableNameChecking -WarningAction SilentlyContinue

    if ($Request.lockSeconds -gt 0) {
        $script:step = 'Mutex'
        $mutex = [System.Threading.Mutex]::new($false, 'Global\terraform-provider-vb365')
        try {
            $locked = $mutex.WaitOne([int] (1000 * $Request.lockSeconds))
        }
        catch [System.Threading.AbandonedMutexException] {
            # Its owner was killed; now it is ours.
            $locked = $true
        }
        if (-not $locked) {
            Stop-Step 'busy' 'Another run of Terraform is changing the settings.'
        }
        # A run that was killed had no chance to remove its file.
        foreach ($left in [System.IO.Directory]::GetFiles($folder, 'terraform-provider-vb365-*.pfx')) {
            Remove-CertificateFile $left
        }
    }

    $settings = Get-Settings
    if ($Request.changes) {
        $before = ConvertTo-Json -InputObject $settings -Depth 4 -Compress
        # Not -cne, which compares as languages do, and overlooks characters that are not seen.
        if ($Request.expected -and -not [string]::Equals($before, $Request.expected)) {
            $answer.settings = $before
            $script:step = ''
            Stop-Step 'changed' 'The settings are not those that the change was made for.'
        }
        foreach ($change in $Request.changes) { Set-Settings $change $settings }
        $settings = Get-Settings
    }
    $answer.settings = ConvertTo-Json -InputObject $settings -Depth 4 -Compress
}
catch {
    if ($null -eq $answer.failure) {
        $answer.failure = @{ kind = 'cmdlet'; cmdlet = $script:step; message = "$($_.Exception.Message)"; id = "$($_.FullyQualifiedErrorId)" }
    }
}
finally {
    if ($locked) { $mutex.ReleaseMutex() }
    if ($null -ne $mutex) { $mutex.Dispose() }
}

$json = ConvertTo-Json -InputObject $answer -Depth 4 -Compress
[Console]::Out.WriteLine('vb365:' + [Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes($json)))
if ($null -ne $answer.failure) { exit 1 }
