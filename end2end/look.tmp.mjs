import { chromium } from 'playwright-core';
const base='http://127.0.0.1:3100';
const out='/tmp/look'; import fs from 'fs'; fs.mkdirSync(out,{recursive:true});
const b=await chromium.launch({executablePath:'/usr/bin/chromium',args:['--headless','--no-sandbox','--disable-gpu','--disable-quic','--no-first-run','--disable-background-networking','--disable-component-update','--disable-sync']});
async function user(account,w,h,pages,extra){
  const c=await b.newContext({viewport:{width:w,height:h},locale:'zh-CN',hasTouch:w<500});
  const p=await c.newPage();
  p.on('console',m=>{ if(m.type()==='error') console.log(account,'console',m.text().slice(0,300)); });
  p.on('pageerror',e=>console.log(account,'pageerror',String(e).slice(0,300)));
  const t0=Date.now();
  await p.goto(base+'/'); await p.waitForSelector('input[type=password]',{timeout:30000});
  console.log(account,'login page after',Date.now()-t0);
  await p.screenshot({path:`${out}/${account}-signin.png`});
  await p.locator('input[autocomplete=username], input:not([type=password])').first().fill(account);
  await p.locator('input[type=password]').fill('demo-2011');
  await p.keyboard.press('Enter');
  await p.waitForSelector('.app-bar',{timeout:30000}).catch(()=>{});
  await p.waitForTimeout(6000);
  for(const [name,url] of pages){ await p.goto(base+url); await p.waitForTimeout(2500); await p.screenshot({path:`${out}/${account}-${name}.png`}); console.log(account,name,await p.title()); }
  if(extra) await extra(p,c);
  await c.close();
}
const which=process.argv[2]||'all';
if(which==='all'||which==='g') await user('guanjia1',390,844,[['today','/today'],['rounds','/rounds'],['tickets','/tickets'],['households','/households'],['fees','/fees'],['more','/more'],['outbox','/outbox'],['visits','/visits/new'],['ticketnew','/tickets/new'],['briefing','/briefing']]);
if(which==='all'||which==='z') await user('zhuguan1',1440,900,[['dashboard','/dashboard'],['tickets','/office/tickets'],['rounds','/office/rounds'],['templates','/office/templates'],['schedules','/office/schedules'],['devices','/office/devices'],['attention','/office/attention'],['households','/households']]);
await b.close();
