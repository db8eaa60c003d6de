import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Unit tests stand beside their file; test/ holds stories. The browser is driven from Node by
    // playwright-core, so that the very page a user gets is what is tested.
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'studio/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
