#!/usr/bin/env node
import { COMMANDS } from './commands/all-commands.ts'
import { dispatch } from './dispatch.ts'
import { createProcessShell } from './process-shell.ts'

process.exitCode = await dispatch(process.argv.slice(2), COMMANDS, createProcessShell('neco'))
