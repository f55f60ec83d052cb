package main

import (
	"os"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// compose is a compose file as far as its rules are tested.
type compose struct {
	Services map[string]struct {
		Image     string
		Command   []string
		Ports     []string
		Secrets   []string
		Volumes   []string
		ReadOnly  bool                                  `yaml:"read_only"`
		CapDrop   []string                              `yaml:"cap_drop"`
		DependsOn map[string]struct{ Condition string } `yaml:"depends_on"`
	}
	Volumes map[string]any
	Secrets map[string]struct{ File string }
}

// The compose file migrates before anything works, publishes nothing but the web process, and
// that to this machine only, and names no secret, volume or service that is not there.
func TestCompose(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("packaging/container/compose.yaml")
	require.NoError(t, err)
	var file compose
	require.NoError(t, yaml.Unmarshal(text, &file))
	require.Len(t, file.Services, 4)
	for name, service := range file.Services {
		require.NotEmpty(t, service.Image, name)
		for _, secret := range service.Secrets {
			require.Contains(t, file.Secrets, secret, name)
		}
		for other := range service.DependsOn {
			require.Contains(t, file.Services, other, name)
		}
		if name == "web" {
			require.Equal(t, []string{"127.0.0.1:8080:8080"}, service.Ports)
		} else {
			require.Empty(t, service.Ports, name)
		}
		if name == "db" {
			continue
		}
		require.True(t, service.ReadOnly, name)
		require.Equal(t, []string{"ALL"}, service.CapDrop, name)
		require.Equal(t, []string{"refill-keys"}, service.Secrets, name)
	}
	require.Equal(t, "service_healthy", file.Services["migrate"].DependsOn["db"].Condition)
	for _, name := range []string{"web", "worker"} {
		require.Equal(t, "service_completed_successfully", file.Services[name].DependsOn["migrate"].Condition)
		require.Equal(t, []string{"files:/var/lib/refill"}, file.Services[name].Volumes)
	}
	require.Equal(t, []string{"work"}, file.Services["worker"].Command)
	require.Equal(t, []string{"migrate"}, file.Services["migrate"].Command)
}
