/** The stock images, by the names that everybody has them under. */
export const NATS_IMAGE = 'nats:2.15'
export const MONGO_IMAGE = 'mongo:8'
/** What testcontainers 12.2 would start beside them. It is only used where it is there or can be pulled. */
export const REAPER_IMAGE = 'testcontainers/ryuk:0.14.0'
