// The theme of VitePress with the sign, the colours and the pictures of the product.
import { h } from 'vue'
import Theme from 'vitepress/theme'
import list from '../../../pictures/series-list.webp'
import listDark from '../../../pictures/series-list-dark.webp'
import receipt from '../../../pictures/phone-receipt.webp'
import receiptDark from '../../../pictures/phone-receipt-dark.webp'
import './refill.css'

const sign = () => h('svg', { class: 'sign', width: 26, height: 26, 'aria-hidden': 'true' }, [h('use', { href: '/mark.svg#mark' })])

// pair is a picture for the light and one for the dark.
const pair = (light, dark, alt, kind) => [
  h('img', { src: light, alt, class: ['light', kind] }),
  h('img', { src: dark, alt, class: ['dark', kind] }),
]

const pictures = () => h('div', { class: 'front' }, [
  ...pair(list, listDark, 'The list of series as staff see it', 'front-desk'),
  ...pair(receipt, receiptDark, 'The receipt of a redeemed card on a customer’s phone', 'front-phone'),
])

export default {
  extends: Theme,
  Layout: () => h(Theme.Layout, null, { 'nav-bar-title-before': sign, 'home-features-before': pictures }),
}
