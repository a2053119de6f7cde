export async function startSystem(): Promise<{ url: string } & AsyncDisposable> {
  return { url: 'http://127.0.0.1:18080', [Symbol.asyncDispose]: async () => {} }
}
