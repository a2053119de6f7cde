import { COMMON_SETTINGS, table } from '@switchboard/runtime/settings'

export const settings = table({
  ...COMMON_SETTINGS,
  MONGO_URL: {
    type: 'string',
    default: 'mongodb://127.0.0.1:27017',
    secret: true,
    doc: 'Where MongoDB is: one connection string, which may name several servers.',
  },
  MONGO_DATABASE: { type: 'string', default: 'switchboard', doc: 'Name of the database.' },
  SCRYPT_COST_LOG2: {
    type: 'integer',
    default: 15,
    min: 10,
    max: 20,
    doc: 'Work of one password check, as a power of two: 15 takes 32 MB and about a tenth of a second.',
  },
})

/** How long the writer may go on at the end: what it does not save by then is read from the log again. */
export const STOP_FLUSH_MS_MAX = 5_000
