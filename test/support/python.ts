/** A Python with some packages, as a witness: `python3`, or the one named by ONDO_PYTHON. */
import { execFileSync } from 'node:child_process'

/** Finds a Python that has all the packages; undefined where there is none. */
export function pythonWith(...packages: readonly string[]): string | undefined {
  const probe = `import importlib.util as u, sys; sys.exit(not all(u.find_spec(p) for p in ${JSON.stringify(packages)}))`
  return [process.env.ONDO_PYTHON, 'python3'].find(command => {
    if (!command) return false
    try {
      execFileSync(command, ['-c', probe], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
}

/** Runs a program. @returns what it prints */
export const runPython = (python: string, cwd: string, program: string): string =>
  execFileSync(python, ['-c', program], {
    cwd,
    encoding: 'utf8',
    // Threads that wait for each other cost more than they bring on numbers this small.
    env: { ...process.env, OMP_NUM_THREADS: '1', ORT_DISABLE_TELEMETRY: '1' },
  })
