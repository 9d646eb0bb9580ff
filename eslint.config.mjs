import js from '@eslint/js';
import googleappsscript from 'eslint-plugin-googleappsscript';
import globals from 'globals';

/** `addon/` is Apps Script: every file shares one scope, so that tsc (`types:addon`) finds what is undefined, not eslint. */
export default [
  { ignores: ['node_modules/', '.venv/', 'backend/web/static/vendor/', 'build/'] },
  {
    files: ['addon/**/*.gs'],
    ...js.configs.recommended,
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: 'script',
      globals: googleappsscript.environments.googleappsscript.globals,
    },
    rules: {
      ...js.configs.recommended.rules,
      'no-undef': 'off',
      'no-unused-vars': ['error', { vars: 'local' }],
      'no-implicit-globals': 'off',
      complexity: ['error', 12],
      curly: ['error', 'multi-line'],
      eqeqeq: 'error',
      'max-len': ['error', { code: 120 }],
      'max-lines-per-function': ['error', 30],
      'no-console': ['error', { allow: ['warn', 'error'] }],
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['tests/addon/**/*.mjs', 'eslint.config.mjs'],
    ...js.configs.recommended,
    languageOptions: { ecmaVersion: 2024, sourceType: 'module', globals: globals.node },
    rules: {
      ...js.configs.recommended.rules,
      eqeqeq: 'error',
      'max-len': ['error', { code: 120 }],
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
];
