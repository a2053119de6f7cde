import type { Exception } from './check.ts'

/** Every file that may break a rule, with the reason. One that is not needed any more fails the test. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    check: 'function sizes',
    path: 'libs/contracts/src/errors.ts',
    reason: 'row() has one parameter for each column of the table, so that the table reads as one',
  },
  {
    check: 'function sizes',
    path: 'libs/contracts/src/methods.ts',
    reason: 'method() has one parameter for each column of the table, so that the table reads as one',
  },
  {
    check: 'tests run, assert and do not sleep',
    path: 'libs/runtime/src/deadline.test.ts',
    reason: 'tests pause() itself, on timers that are moved by hand',
  },
  {
    check: 'nothing happens on import',
    path: 'services/notifier/src/public-address.ts',
    reason: 'fills two constant lists of networks, which Node builds by calls and not by a literal',
  },
]
