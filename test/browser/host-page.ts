import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FrameLocator, Page } from 'playwright-core'

export interface HostPage extends AsyncDisposable {
  readonly url: string
  /** What its pages were served with, to be set before the system that must allow it is known. */
  show(script: string, head?: string): void
}

/** A site of somebody else: a plain page, of another origin than the edge, with the script tag. */
export async function hostPage(): Promise<HostPage> {
  let body = ''
  let extra = ''
  const server: Server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    const here = new URL(request.url ?? '/', 'http://site').pathname
    response.end(
      `<!doctype html><html lang="en"><head><title>Shop ${here}</title>${extra}
      <link rel="icon" href="data:,"></head><body><h1>Shop ${here}</h1>
      <a href="/next">Next page</a><p><input aria-label="Search the shop"></p>${body}</body></html>`,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    show: (script, head = '') => {
      body = script
      extra = head
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export const scriptTag = (edge: string, desk: string, more = ''): string =>
  `<script src="${edge}/widget.js" data-desk="${desk}" ${more} async></script>`

/** The conversation in the widget's frame. */
export const frameOf = (page: Page): FrameLocator => page.frameLocator('iframe[title="Chat with us"]')

export const openWidget = async (page: Page): Promise<FrameLocator> => {
  await page.getByRole('button', { name: 'Open the chat' }).click()
  return frameOf(page)
}

export async function write(frame: FrameLocator, text: string): Promise<void> {
  const field = frame.getByRole('textbox', { name: 'Message' })
  await field.fill(text)
  await field.press('Enter')
}

/** Texts of the messages in the widget, top to bottom. */
export const widgetTexts = (frame: FrameLocator): Promise<string[]> => frame.locator('.row .text').allTextContents()
