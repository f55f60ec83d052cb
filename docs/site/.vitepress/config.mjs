// The site of the documentation. Its pages are the Markdown files of the repository where
// they are; nothing is copied.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

// Files that pages link to and that are no pages themselves. They are copied into the site.
const files = new Set()

// linkToFiles marks links to files that are no pages, so that the site offers the files.
function linkToFiles(md) {
  const before = md.renderer.rules.link_open ?? ((tokens, i, options, env, self) => self.renderToken(tokens, i, options))
  md.renderer.rules.link_open = (tokens, i, options, env, self) => {
    const token = tokens[i]
    const href = token.attrGet('href') ?? ''
    const path = decodeURI(href.split('#')[0])
    if (!path || /^([a-z]+:|\/)/i.test(path) || /\.(md|html)$/.test(path)) return before(tokens, i, options, env, self)
    const file = posix.join(posix.dirname(sourceOf(env)), path)
    if (!existsSync(join(root, file)) || !statSync(join(root, file)).isFile()) return before(tokens, i, options, env, self)
    files.add(file)
    // The base is "/": the site is at the root of its host.
    token.attrSet('href', '/' + file)
    token.attrSet('target', '_self')
    return self.renderToken(tokens, i, options)
  }
}

// showDarkPictures shows the dark picture of a page in the dark, where there is one. Pictures
// are Markdown, or <img> where they have a width.
function showDarkPictures(md) {
  const darkOf = (src, env) => {
    const dark = src.replace(/\.webp$/, '-dark.webp')
    return dark !== src && existsSync(join(root, posix.dirname(sourceOf(env)), dark)) ? dark : undefined
  }
  const image = md.renderer.rules.image
  md.renderer.rules.image = (tokens, i, options, env, self) => {
    const token = tokens[i]
    const dark = darkOf(token.attrGet('src'), env)
    if (!dark) return image(tokens, i, options, env, self)
    token.attrSet('class', 'light')
    const light = image(tokens, i, options, env, self)
    token.attrSet('src', dark)
    token.attrSet('class', 'dark')
    return light + image(tokens, i, options, env, self)
  }
  for (const rule of ['html_block', 'html_inline']) {
    md.renderer.rules[rule] = (tokens, i, options, env) => tokens[i].content.replace(/<img src="([^"]+)"([^>]*)>/g, (tag, src, rest) => {
      const dark = darkOf(src, env)
      return dark ? `<img class="light" src="${src}"${rest}><img class="dark" src="${dark}"${rest}>` : tag
    })
  }
}

// sourceOf returns the path of a page in the repository.
const sourceOf = env => relative(root, env.realPath ?? env.path).replaceAll('\\', '/')

// requireWholeSite fails the build where an address in the built site leads nowhere.
// VitePress itself looks at links between Markdown files only.
function requireWholeSite(dir) {
  const broken = []
  const pages = readdirSync(dir, { recursive: true }).filter(name => name.endsWith('.html'))
  for (const page of pages) {
    const html = readFileSync(join(dir, page), 'utf8')
    for (const [, address] of html.matchAll(/\s(?:href|src)="([^"]+)"/g)) {
      const path = decodeURI(address.split(/[#?]/)[0])
      if (!path || /^[a-z]+:/i.test(path)) continue
      const file = path.startsWith('/') ? join(dir, path) : join(dir, dirname(page), path)
      const found = [file, file + '.html', join(file, 'index.html')].some(f => existsSync(f) && statSync(f).isFile())
      if (!found) broken.push(`${page}: ${address}`)
    }
    for (const [, address] of html.matchAll(/<(?:link|script|img)[^>]+(?:href|src)="(https?:[^"]+)"/g)) {
      broken.push(`${page}: ${address} comes from another host`)
    }
  }
  if (broken.length) throw new Error(`Links that lead nowhere:\n  ${[...new Set(broken)].join('\n  ')}`)
}

// findVue resolves what pages are compiled to from here: most pages lie outside the folder
// with the packages.
const findVue = {
  name: 'find-vue',
  enforce: 'pre',
  resolveId(id, importer) {
    const here = join(root, 'docs/site/package.json')
    if (/^vue(\/|$)/.test(id) && importer?.includes('.md')) return this.resolve(id, here, { skipSelf: true })
  },
}

const reference = [
  { text: 'Printing and exporting', link: '/docs/printing' },
  { text: 'Importing cards', link: '/docs/import' },
  { text: 'The API', link: '/docs/api' },
  { text: 'Calls in the shape of Splynx', link: '/docs/splynx-calls' },
  { text: 'Signing in', link: '/docs/signing-in' },
  { text: 'Watching for theft', link: '/docs/theft' },
  { text: 'Erasing a person', link: '/docs/erasure' },
  { text: 'Moving from Splynx', link: '/docs/from-splynx' },
  { text: 'Parity with Splynx', link: '/docs/parity' },
]

export default {
  title: 'Refill',
  description: 'Prepaid refill cards for internet providers: a tour and the guides.',
  lang: 'en',
  srcDir: root,
  // What git ignores is not part of the documentation.
  srcExclude: ['**/node_modules/**', '.*/**', 'bin/**', 'tmp/**', 'static/**', 'internal/**', 'cmd/**'],
  outDir: './dist',
  cacheDir: './node_modules/.vitepress',
  rewrites: { 'docs/site/index.md': 'index.md' },
  cleanUrls: false,
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: '/favicon.svg' }],
    ['meta', { name: 'theme-color', content: '#0b5a75' }],
  ],
  markdown: {
    linkify: false, // an example of an address is no link
    config(md) {
      linkToFiles(md)
      showDarkPictures(md)
    },
  },
  vite: { plugins: [findVue], publicDir: join(root, 'static/img'), server: { fs: { allow: [root] } } },
  buildEnd({ outDir }) {
    for (const file of files) {
      mkdirSync(dirname(join(outDir, file)), { recursive: true })
      copyFileSync(join(root, file), join(outDir, file))
    }
    requireWholeSite(outDir)
  },
  themeConfig: {
    nav: [
      { text: 'Tour', link: '/docs/guide/tour' },
      { text: 'For staff', link: '/docs/guide/administrator', activeMatch: '/guide/(administrator|cashier)' },
      { text: 'For customers', link: '/docs/guide/customer' },
      { text: 'Operations', link: '/docs/guide/operations' },
    ],
    sidebar: [
      {
        text: 'Guides',
        items: [
          { text: 'Tour', link: '/docs/guide/tour' },
          { text: 'Administrators', link: '/docs/guide/administrator' },
          { text: 'Cashiers', link: '/docs/guide/cashier' },
          { text: 'Customers', link: '/docs/guide/customer' },
          { text: 'Operations', link: '/docs/guide/operations' },
        ],
      },
      { text: 'In detail', items: reference },
      {
        text: 'Running it',
        items: [
          { text: 'Configuration', link: '/docs/config' },
          { text: 'Alarms', link: '/docs/operations' },
          { text: 'The key file', link: '/docs/keys' },
          { text: 'What must hold', link: '/docs/reliability' },
          { text: 'Security', link: '/SECURITY' },
        ],
      },
      {
        text: 'Building it',
        items: [
          { text: 'About', link: '/README' },
          { text: 'Architecture', link: '/ARCHITECTURE' },
          { text: 'Contributing', link: '/CONTRIBUTING' },
          { text: 'Decisions', link: '/docs/decisions/README' },
          { text: 'Dependencies', link: '/docs/dependencies' },
          { text: 'OWASP ASVS', link: '/docs/asvs' },
          { text: 'Changes', link: '/CHANGELOG' },
        ],
      },
    ],
    outline: { level: [2, 3], label: 'On this page' },
    search: {
      provider: 'local',
      options: {
        // What people use comes before what builds it.
        miniSearch: { searchOptions: { boostDocument: id => (id.includes('/guide/') ? 4 : /decisions|[A-Z]{4}/.test(id) ? 0.3 : 1) } },
      },
    },
    docFooter: { prev: 'Before', next: 'Next' },
    darkModeSwitchLabel: 'Appearance',
    sidebarMenuLabel: 'Contents',
    returnToTopLabel: 'To the top',
  },
}
