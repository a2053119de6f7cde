import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type OutboxStore, parsed } from './outbox-store.ts'

/** Keeps the outbox of a Node process in a folder of its own, one file per message, on the disk before it is tried. */
export function fileOutboxStore(folder: string): OutboxStore {
  // A cid of ours is a UUID, but an entry may have been put there by another program: a name never leaves the folder.
  const fileOf = (cid: string) => join(folder, `${encodeURIComponent(cid)}.json`)
  return {
    async load() {
      await mkdir(folder, { recursive: true })
      const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
      const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
      return texts.flatMap(parsed)
    },
    async put(entry) {
      await mkdir(folder, { recursive: true })
      const draft = `${fileOf(entry.cid)}.new`
      const file = await open(draft, 'w')
      await file.writeFile(JSON.stringify(entry))
      await file.sync()
      await file.close()
      await rename(draft, fileOf(entry.cid))
    },
    remove: (cid) => rm(fileOf(cid), { force: true }),
  }
}
