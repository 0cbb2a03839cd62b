import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const VENV = join(import.meta.dirname, '.venv')
const VENV_PYTHON = join(VENV, 'bin/python')

/** Packages and size of the PyTorch environment when it was last installed. */
const PACKAGES = ['torch==2.15.0', 'diffsort==0.2.0', 'numpy'] as const
export const INSTALL_NOTE = `${PACKAGES.join(', ')} into bench/.venv: about 3 GB on disk with the CUDA libraries that the wheel of PyPI asks for`

/** A Python that imports torch and diffsort: that of bench/.venv, then python3 on PATH. */
export function findReferencePython(): string | undefined {
  return [VENV_PYTHON, 'python3'].find(hasReferencePackages)
}

function hasReferencePackages(python: string): boolean {
  if (python === VENV_PYTHON && !existsSync(python)) return false
  try {
    execFileSync(python, ['-c', 'import torch, diffsort, numpy'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Creates bench/.venv with PyTorch and diffsort; pip's output goes to the terminal. */
export function installReferencePackages(): string {
  execFileSync('python3', ['-m', 'venv', VENV], { stdio: 'inherit' })
  execFileSync(VENV_PYTHON, ['-m', 'pip', 'install', ...PACKAGES], { stdio: 'inherit' })
  return VENV_PYTHON
}
