import { MongoAPIError, MongoCompatibilityError, MongoError, MongoServerError } from 'mongodb'

/** A server that lacks what we use: it may be another one when it is tried again. */
export class TooOldError extends Error {
  override name = 'TooOldError'
}

/** A write that no attempt will get through: the document is too large, or not one. */
export class PoisonError extends Error {
  override name = 'PoisonError'
}

/** BadValue, FailedToParse, TypeMismatch, PathNotViable, ConflictingUpdateOperators, field names, DocumentValidationFailure, too large. */
const POISON_CODES: ReadonlySet<number> = new Set([2, 9, 14, 28, 40, 52, 55, 56, 57, 121, 10_334, 17_419, 17_420])

const codeOf = (error: unknown): number =>
  typeof error === 'object' && error !== null && 'code' in error ? Number(error.code) : Number.NaN

const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && ('errmsg' in error || 'message' in error)
    ? String('errmsg' in error && error.errmsg ? error.errmsg : (error as { message: unknown }).message)
    : String(error)

/** The error as poison, if it is: what the server will never take, and what the driver could not even encode. */
export function poisonOf(error: unknown): Error {
  const isOurs = error instanceof Error && (error.name === 'BSONError' || error.name === 'BSONRuntimeError')
  if (isOurs || POISON_CODES.has(codeOf(error)) || isUnsendable(error)) {
    return new PoisonError(messageOf(error), { cause: error })
  }
  return error instanceof Error ? error : new Error(messageOf(error), { cause: error })
}

const isUnsendable = (error: unknown): boolean =>
  error instanceof RangeError ||
  (error instanceof MongoAPIError && /BSON|too large|maxBsonObjectSize/i.test(error.message))

/** True for every error of the driver and the server: whoever asked is told that storage is away. */
export const isMongoError = (error: unknown): boolean => error instanceof MongoError || error instanceof TooOldError

/** A key that exists already. */
export const isDuplicateKey = (error: unknown): boolean => error instanceof MongoServerError && error.code === 11_000

/** AuthenticationFailed, MechanismUnavailable, and what Atlas says of both. */
const CREDENTIAL_CODES: ReadonlySet<number> = new Set([18, 334, 8_000])

/** Why MongoDB cannot be used yet, in a sentence for whoever set it up; one that is only away says so. */
export function troubleOf(error: unknown): string {
  if (CREDENTIAL_CODES.has(codeOf(error)))
    return 'MongoDB does not let us in: the user, password or authSource in MONGO_URL is wrong or missing'
  if (error instanceof MongoCompatibilityError || error instanceof TooOldError)
    return `MongoDB is too old: ${error.message}`
  return 'MongoDB is away, trying again'
}
