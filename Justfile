# Thin aliases: each recipe is one command that also works without just.
# A step is named by its number or its name: `just run 4`, `just run step-4`; your own folder
# is `work`.

set windows-shell := ["powershell.exe", "-NoLogo", "-Command"]

# List the recipes
default:
    @just --list

# Run a step: `just run 4`, or one of its commands: `just run 4 migrate`
run step *args:
    cargo run --bin {{ if step == "work" { "work" } else { "step-" + trim_start_match(step, "step-") } }} -- {{ args }}

# Run the tests of one step, of `work`, or of all steps
test step="*":
    cargo test --bin "{{ if step == "work" { "work" } else { "step-" + trim_start_match(step, "step-") } }}"

# Get everything that a train without internet needs
fetch:
    cargo fetch

# The Django app of the source notes, to compare with: `just django [PROFILE [PORT]]`
django profile="default" port="8000":
    bash reference/django/start.sh {{ profile }} {{ port }}

# Prove that each chapter is the patch to its step: `just notes`, `just notes 2 --checkpoints`
notes *args:
    cargo run -q -p course -- notes {{ args }}

# Run what a chapter shows and compare: `just try 2`, `just try 2 --write`
try *args:
    cargo run -q -p course -- try {{ args }}

# What a chapter adds: `just diff 4`; or how work/ differs from its step: `just diff 4 work`
diff step *folder:
    cargo run -q -p course -- diff {{ trim_start_match(step, "step-") }} {{ folder }}

# Merge what you changed in a step into the later ones: `just carry 3`
carry step:
    cargo run -q -p course -- carry {{ trim_start_match(step, "step-") }}

# See whether work/ solves an exercise: `just exercise 2.1`
exercise id:
    cargo run -q -p course -- exercises {{ id }} --from work

# Get a chapter ready in work/: the step before it, and its tests
start step *args:
    cargo run -q -p course -- start {{ step }} {{ args }}

# Ask work/ whether it behaves: `just check`, `just check 4 --all`, `just check 4 --from step-4`
check *args:
    cargo run -q -p course -- check {{ args }}

# Serve a step, or work, with the users and settings of the check: `just serve 4 --port 8000`
serve what="work" *args:
    cargo run -q -p course -- serve {{ what }} {{ args }}

# Run a command beside a PostgreSQL that stops with it: `just postgres`, the tests of step 8
postgres *args:
    cargo run -q -p course -- postgres {{ args }}

# Prove that deliberate bugs are caught: `just mutants`, `just mutants --step 4`
mutants *args:
    cargo run -q -p course -- mutants {{ args }}

# Compare a step with Django, request by request: `just compare 4`
compare *args:
    cargo run -q -p course -- compare {{ args }}
