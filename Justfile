# Thin aliases: each recipe is one command that also works without just.
# A step is named by its number or its name: `just run 4`, `just run step-4`; your own folder
# is `work`.

set windows-shell := ["powershell.exe", "-NoLogo", "-Command"]

# List the recipes
default:
    @just --list

# Run a step: `just run 4`, or one of its commands: `just run 4 migrate`
[group('learner')]
run step *args:
    cargo run --bin {{ if step == "work" { "work" } else { "step-" + trim_start_match(step, "step-") } }} -- {{ args }}

# Run the tests of one step, of `work`, or of all steps
[group('learner')]
test step="*":
    cargo test --bin "{{ if step == "work" { "work" } else { "step-" + trim_start_match(step, "step-") } }}"

# Get everything that a train without internet needs
[group('learner')]
fetch:
    cargo fetch

# Get a chapter ready in work/: the step before it, and its tests
[group('learner')]
start step *args:
    cargo run -p course -- start {{ step }} {{ args }}

# Ask work/ whether it behaves: `just check`, `just check 6 --until 2`, `just check 4 --from step-4`
[group('learner')]
check *args:
    cargo run -p course -- check {{ args }}

# See whether work/ solves an exercise: `just exercise 2.1`
[group('learner')]
exercise id:
    cargo run -p course -- exercise {{ id }}

# What a chapter adds: `just diff 4`; or how work/ differs from its step: `just diff 4 work`
[group('learner')]
diff step *folder:
    cargo run -p course -- diff {{ trim_start_match(step, "step-") }} {{ folder }}

# Serve a step, or work, with the users and settings of the check: `just serve 4 --port 8000`
[group('learner')]
serve what="work" *args:
    cargo run -p course -- serve {{ what }} {{ args }}

# Run a command beside a PostgreSQL that stops with it: `just postgres`, the tests of step 8 and of the last
[group('learner')]
postgres *args:
    cargo run -p course -- postgres {{ args }}

# The React client of chapter 10, while you write it: `just frontend`, `just frontend step-10`
[group('learner')]
frontend what="work":
    npm --prefix {{ if what == "work" { "work" } else { "steps/10-frontend" } }}/frontend ci --ignore-scripts
    npm --prefix {{ if what == "work" { "work" } else { "steps/10-frontend" } }}/frontend run dev

# The Django app of the source notes, to compare with: `just django [PROFILE [PORT]]`
[group('learner')]
django profile="default" port="8000":
    bash reference/django/start.sh {{ profile }} {{ port }}

# Prove the course, and carry changes: `just dev replay 2`, `just dev carry`, `just dev mutants --step 4`
[group('author')]
dev *args:
    cargo run -p course -- dev {{ args }}
