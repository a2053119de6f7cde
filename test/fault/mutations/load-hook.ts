import { registerHooks } from 'node:module'
import { applyEdits, EditError, type SourceEdit } from './edits.ts'

/** Edits the sources of this process as they are loaded. `root` is the folder that the edits' paths begin at, as a URL. */
export function editSources(root: URL, edits: readonly SourceEdit[]): void {
  const byUrl = Map.groupBy(edits, ({ file }) => new URL(file, root).href)
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context)
      const mine = byUrl.get(url.replace(/\?.*$/, ''))
      if (!mine) return loaded
      if (loaded.format !== 'module-typescript' || loaded.source === undefined)
        throw new EditError(`${url} is to be edited, and is no TypeScript module but ${loaded.format}`)
      return { ...loaded, source: applyEdits(textOf(loaded.source), mine) }
    },
  })
}

const textOf = (source: string | ArrayBuffer | NodeJS.TypedArray): string =>
  typeof source === 'string' ? source : new TextDecoder().decode(source)
