#!/usr/bin/env node
// kubectl runs the program of this name on PATH for `kubectl neco …`.
import { COMMANDS } from '../commands/all-commands.ts'
import { dispatch } from '../dispatch.ts'
import { createProcessShell } from '../process-shell.ts'

process.exitCode = await dispatch(
  process.argv.slice(2),
  COMMANDS,
  createProcessShell('kubectl neco'),
)
