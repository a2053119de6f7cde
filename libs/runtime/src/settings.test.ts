import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMMON_SETTINGS, readSettings, SettingsError, table } from './settings.ts'

const settings = table({
  URL: { type: 'url', doc: 'Where it is.' },
  PORT: { type: 'integer', default: 8080, min: 0, max: 65_535, doc: 'Its port.' },
  LIMIT: { type: 'integer', doc: 'Required.' },
  FAST: { type: 'boolean', default: false, doc: 'Whether it hurries.' },
  ORIGINS: { type: 'list', default: ['a'], doc: 'Who may come.' },
  KEY: { type: 'pem', default: '', secret: true, doc: 'Its key.' },
  PASSWORD_URL: { type: 'url', default: '', secret: true, doc: 'Where the secret is.' },
  NAME: { type: 'string', default: 'x', doc: 'Its name.' },
})

/** Every problem of an environment, as the process would print them. */
function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readSettings(settings, env)
  } catch (error) {
    assert.ok(error instanceof SettingsError)
    assert.equal(error.name, 'SettingsError')
    return error.problems
  }
  return []
}

const REQUIRED = { URL: 'nats://a:1', LIMIT: '1' }

test('settings, all given, are read by their types', () => {
  const env = {
    URL: 'nats://a:1,nats://b:2',
    PORT: '0',
    LIMIT: '12',
    FAST: 'true',
    ORIGINS: ' a.example , b.example ,,',
    KEY: 'one\\ntwo',
    NAME: 'y',
  }
  assert.deepEqual(readSettings(settings, env), {
    URL: 'nats://a:1,nats://b:2',
    PORT: 0,
    LIMIT: 12,
    FAST: true,
    ORIGINS: ['a.example', 'b.example'],
    KEY: 'one\ntwo',
    PASSWORD_URL: '',
    NAME: 'y',
  })
})

test('settings, not given or empty, have their defaults', () => {
  const values = readSettings(settings, { ...REQUIRED, PORT: '', ORIGINS: '' })
  assert.equal(values.PORT, 8080)
  assert.equal(values.FAST, false)
  assert.deepEqual(values.ORIGINS, ['a'])
})

test('problems, several at once, are all reported, each by the name of its setting', () => {
  const problems = problemsOf({ URL: 'not a url', PORT: '70000', FAST: 'yes' })
  assert.deepEqual(problems, [
    'URL must be a URL, not "not a url"',
    'PORT must be at most 65535, not "70000"',
    'LIMIT is required: Required.',
    'FAST must be true or false, not "yes"',
  ])
})

for (const [text, problem] of [
  ['-1', /at least 0/],
  ['65536', /at most 65535/],
  ['1.5', /whole number/],
  ['ten', /whole number/],
  [' ', /whole number/],
  ['1e99', /whole number/],
] as const) {
  test(`a port of ${JSON.stringify(text)}, read, is a problem: ${problem.source}`, () => {
    const problems = problemsOf({ ...REQUIRED, PORT: text })
    assert.equal(problems.length, 1)
    assert.match(problems[0] ?? '', problem)
  })
}

test('a secret, when it is wrong, is not printed', () => {
  const [problem = ''] = problemsOf({ ...REQUIRED, PASSWORD_URL: 'hunter2' })
  assert.match(problem, /^PASSWORD_URL must be a URL$/)
})

test('the settings of every service, without any environment, are complete', () => {
  const values = readSettings(COMMON_SETTINGS, {})
  assert.equal(values.NATS_NAMESPACE, 'sb')
  for (const [name, { doc }] of Object.entries(COMMON_SETTINGS)) assert.match(doc, /\.$/, name)
})
