import { createApp } from 'vue'
import ConsoleApp from './ConsoleApp.vue'
import '../src/style/tokens.css'
import '../src/style/base.css'
import './console.css'

createApp(ConsoleApp).mount('#app')
