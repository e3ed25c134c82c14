package provider_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestTheGuideExplainsEveryTitle reads the titles of all diagnostics in the
// source: people search the guide for them.
func TestTheGuideExplainsEveryTitle(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	titles := titlesIn(t, "..")
	if len(titles) < 100 {
		t.Errorf("only %d titles were found", len(titles))
	}
	for title, at := range titles {
		// What follows a placeholder differs from case to case.
		fixed, _, placeholder := strings.Cut(title, "%")
		heading := "\n### " + strings.TrimRight(fixed, ` "`)
		if !placeholder && !strings.HasSuffix(title, " ") {
			heading += "\n"
		}
		if !strings.Contains(string(guide), heading) {
			t.Errorf("%s: the troubleshooting guide does not explain %q", at, title)
		}
	}
}

// titlesIn returns the titles of the diagnostics that the packages below a
// directory make, and where.
func titlesIn(t *testing.T, root string) map[string]token.Position {
	t.Helper()
	titles, files := map[string]token.Position{}, token.NewFileSet()
	add := func(e ast.Expr) {
		if text, ok := literal(e); ok && strings.Contains(text, " ") {
			titles[text] = files.Position(e.Pos())
		}
	}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if strings.HasPrefix(strings.ToLower(name.Name), "title") && i < len(n.Values) {
						add(n.Values[i])
					}
				}
			case *ast.CallExpr:
				if at, ok := titleArgument(n); ok && at < len(n.Args) {
					add(n.Args[at])
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return titles
}

// titleArgument returns which argument of a call is a diagnostic's title.
func titleArgument(call *ast.CallExpr) (at int, ok bool) {
	callee, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return 0, false
	}
	at, ok = map[string]int{
		"AddError": 0, "AddWarning": 0, "NewErrorDiagnostic": 0, "AddAttributeError": 1, "AddAttributeWarning": 1, "NewCheck": 1,
	}[callee.Sel.Name]
	if pkg, isPackage := callee.X.(*ast.Ident); isPackage && pkg.Name == "tfkit" && strings.HasPrefix(callee.Sel.Name, "AddAttribute") {
		at = 2 // after the diagnostics and the attribute
	}
	return at, ok
}

// literal returns the text that an expression begins with.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		return literal(e.X)
	case *ast.CallExpr:
		if len(e.Args) > 0 {
			return literal(e.Args[0])
		}
	}
	return "", false
}
