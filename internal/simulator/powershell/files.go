package powershell

import (
	"maps"
	"path"
	"slices"
	"strings"
)

type file struct {
	path string
	data []byte
}

// home is where processes start.
const home = `C:\Users\svc-terraform`

// resolve returns the full path of a name, and the key that files have.
func resolve(name string) (full, key string) {
	full = strings.ReplaceAll(name, "/", `\`)
	if len(full) < 2 || full[1] != ':' {
		full = combine(home, strings.TrimPrefix(full, `\`))
	}
	parts := []string{}
	for part := range strings.SplitSeq(full, `\`) {
		switch {
		case part == "" || part == ".":
		case part == ".." && len(parts) > 1:
			parts = parts[:len(parts)-1]
		default:
			parts = append(parts, part)
		}
	}
	full = strings.Join(parts, `\`)
	return full, strings.ToLower(full)
}

// folderOf is the key of the folder that a file is in.
func folderOf(key string) string { return key[:max(0, strings.LastIndexByte(key, '\\'))] }

// WriteFile writes a file, and makes the folders that it needs.
func (m *Machine) WriteFile(name string, data []byte) {
	full, key := resolve(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[key] = file{full, slices.Clone(data)}
	m.createFolder(folderOf(key))
}

// ReadFile returns the content of a file.
func (m *Machine) ReadFile(name string) (data []byte, exists bool) {
	_, key := resolve(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	f, exists := m.files[key]
	return slices.Clone(f.data), exists
}

// RemoveFile removes a file, if there is one.
func (m *Machine) RemoveFile(name string) {
	_, key := resolve(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, key)
}

// HoldFiles has another program hold all files open, so that no script can delete
// them.
func (m *Machine) HoldFiles(held bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = held
}

// deleteFile deletes a file as scripts do.
func (m *Machine) deleteFile(name string) error {
	full, key := resolve(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, exists := m.files[key]; exists && m.held {
		return &Error{
			Message: "The process cannot access the file '" + full + "' because it is being used by another process.", Type: "System.IO.IOException",
		}
	}
	delete(m.files, key)
	return nil
}

// CreateFolder makes a folder, and those that it is in.
func (m *Machine) CreateFolder(name string) {
	_, key := resolve(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.createFolder(key)
}

func (m *Machine) createFolder(key string) {
	for ; key != ""; key = folderOf(key) {
		m.folders[key] = true
	}
}

func (m *Machine) folderExists(name string) bool {
	_, key := resolve(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.folders[key]
}

// folderMissing tells that the folder of a file does not exist.
func (m *Machine) folderMissing(name string) error {
	full, key := resolve(name)
	if m.folderExists(folderOf(key)) {
		return nil
	}
	return missingFolder(full)
}

func missingFolder(name string) *Error {
	return &Error{Message: "Could not find a part of the path '" + name + "'.", Type: "System.IO.DirectoryNotFoundException"}
}

// TemporaryFiles are the paths of the files in the folder of temporary files.
func (m *Machine) TemporaryFiles() []string { return m.glob(m.TempPath, "*") }

func (m *Machine) glob(folder, pattern string) []string {
	_, prefix := resolve(folder)
	prefix += `\`
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []string
	for _, key := range slices.Sorted(maps.Keys(m.files)) {
		name, inside := strings.CutPrefix(key, prefix)
		if inside && !strings.Contains(name, `\`) {
			if matches, err := path.Match(strings.ToLower(pattern), name); err == nil && matches {
				found = append(found, m.files[key].path)
			}
		}
	}
	return found
}

// Files are the paths of all files with their content, but for those of modules.
func (m *Machine) Files() map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string][]byte{}
	for key, f := range m.files {
		if _, isModule := m.modules[key]; !isModule {
			all[f.path] = slices.Clone(f.data)
		}
	}
	return all
}

// environment returns an environment variable, nil if there is none.
func (m *Machine) environment(name string) any {
	value, ok := map[string]string{
		"temp": strings.TrimSuffix(m.TempPath, `\`), "tmp": strings.TrimSuffix(m.TempPath, `\`), "userprofile": home,
		"username": "svc-terraform", "computername": "VB365", "programfiles": `C:\Program Files`, "systemroot": `C:\Windows`,
	}[name]
	if !ok {
		return nil
	}
	return value
}
