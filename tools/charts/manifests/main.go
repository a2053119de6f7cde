// Two things that chart tests need and Node.js does not have:
//
//	manifests json < stream.yaml                      YAML documents as one JSON array
//	manifests schemas out swagger.json crd.yaml...    JSON schemas for kubeconform, of Kubernetes itself and of CRDs
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

type object = map[string]any

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 1 && args[0] == "json":
		err = printJSON(os.Stdin, os.Stdout)
	case len(args) >= 3 && args[0] == "schemas":
		err = writeSchemas(args[1], args[2], args[3:])
	default:
		err = fmt.Errorf("usage: manifests json | manifests schemas <out> <swagger.json> [<crd.yaml>...]")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "manifests:", err)
		os.Exit(1)
	}
}

// documents splits at lines that are "---", as no document of ours holds such a line in a text.
func documents(text []byte) ([]object, error) {
	found := []object{}
	for _, part := range bytes.Split(append([]byte("\n"), text...), []byte("\n---")) {
		var one object
		if err := yaml.UnmarshalStrict(part, &one); err != nil {
			return nil, fmt.Errorf("%w in:\n%s", err, part)
		}
		if len(one) > 0 {
			found = append(found, one)
		}
	}
	return found, nil
}

func printJSON(in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	found, err := documents(text)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(found)
}

func writeSchemas(out, swagger string, crds []string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	text, err := os.ReadFile(swagger)
	if err != nil {
		return err
	}
	var whole struct{ Definitions map[string]object }
	if err := json.Unmarshal(text, &whole); err != nil {
		return err
	}
	for _, definition := range whole.Definitions {
		strict(definition)
	}
	looseTypes(whole.Definitions)
	for name, definition := range whole.Definitions {
		kinds, _ := definition["x-kubernetes-group-version-kind"].([]any)
		// Those with many kinds are options of the API itself.
		if len(kinds) != 1 {
			continue
		}
		kind := kinds[0].(object)
		needed := map[string]object{}
		collect(whole.Definitions, name, needed)
		schema := object{"$ref": "#/definitions/" + name, "definitions": needed}
		if err := write(out, schema, kind["group"].(string), kind["version"].(string), kind["kind"].(string)); err != nil {
			return err
		}
	}
	for _, path := range crds {
		if err := writeCRD(out, path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func writeCRD(out, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var crd struct {
		Spec struct {
			Group    string
			Names    struct{ Kind string }
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema object }
			}
		}
	}
	if err := yaml.Unmarshal(text, &crd); err != nil {
		return err
	}
	for _, version := range crd.Spec.Versions {
		schema := version.Schema.OpenAPIV3Schema
		strict(schema)
		if err := write(out, schema, crd.Spec.Group, version.Name, crd.Spec.Names.Kind); err != nil {
			return err
		}
	}
	return nil
}

// write names the file as kubeconform looks for it: deployment-apps-v1.json.
func write(out string, schema object, group, version, kind string) error {
	text, err := json.Marshal(schema)
	if err != nil {
		return err
	}
	parts := []string{strings.ToLower(kind)}
	if group != "" {
		parts = append(parts, strings.Split(group, ".")[0])
	}
	name := strings.Join(append(parts, version), "-") + ".json"
	return os.WriteFile(filepath.Join(out, name), text, 0o644)
}

// strict refuses fields that a schema does not name, all the way down: a field that is misspelt does nothing in a cluster.
func strict(node any) {
	switch value := node.(type) {
	case []any:
		for _, one := range value {
			strict(one)
		}
	case object:
		for _, one := range value {
			strict(one)
		}
		_, isNamed := value["properties"].(object)
		_, isOpen := value["additionalProperties"]
		if isNamed && !isOpen && value["x-kubernetes-preserve-unknown-fields"] != true {
			value["additionalProperties"] = false
		}
	}
}

// looseTypes says of some types what Kubernetes reads and its document does not say.
func looseTypes(definitions map[string]object) {
	for name, definition := range definitions {
		switch {
		case strings.HasSuffix(name, "util.intstr.IntOrString"), strings.HasSuffix(name, "api.resource.Quantity"):
			delete(definition, "type")
			delete(definition, "format")
			definition["oneOf"] = []any{object{"type": "string"}, object{"type": "number"}}
		}
	}
}

const reference = "#/definitions/"

func collect(all map[string]object, name string, needed map[string]object) {
	if _, isThere := needed[name]; isThere {
		return
	}
	needed[name] = all[name]
	references(all[name], func(target string) { collect(all, target, needed) })
}

func references(node any, found func(string)) {
	switch value := node.(type) {
	case []any:
		for _, one := range value {
			references(one, found)
		}
	case object:
		for key, one := range value {
			if target, isText := one.(string); key == "$ref" && isText {
				found(strings.TrimPrefix(target, reference))
				continue
			}
			references(one, found)
		}
	}
}
