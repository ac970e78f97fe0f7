"""How words of plans are said when no module that is installed says them itself.

Plans may name verbs, measures and guards of modules still to come, and facts whose values are free (reports,
checklists, asset classes). Here they have a name in both languages, a line each: `word | Chinese | English`. A
module's own label wins over this list, and a plan's own `words` over both.
"""

from __future__ import annotations

from functools import cache

from shouyue.contracts.plan_language.texts import Text

_LINES = """
accepted | 经客户认可 | accepted by the customer
activity | 活动 | activity
advice | 建议 | advice
all | 全部 | all
announced_at | 预告时间 | time announced
antivirus-deployment | 防病毒部署情况 | antivirus deployment
application | 应用系统 | application
archive | 档案 | archive
archive.graded | 档案已分级 | the archive is graded
archive.open | 档案可随时查阅 | the archive is open to inspection
asset | 设备 | item of equipment
asset.all_classified | 设备已全部分类 | all equipment is classified
asset.calibrated | 设备完成检定校准 | equipment calibrated
asset.discontinued | 设备停产 | equipment discontinued
asset.initialised | 设备初始化 | equipment set up anew
asset.oem_cover_valid | 原厂服务在有效期内 | the maker's cover is valid
asset.oem_extension_bought | 已购买原厂延保 | the maker's extension is bought
asset.registered | 设备建档 | equipment registered
asset.registered_sets | 已建档设备套数 | number of sets registered
asset.return_to_service | 设备恢复使用 | returning equipment to service
asset_class | 设备类别 | class of equipment
attendance | 考勤 | attendance
attendance.book_overtime | 登记加班 | booking overtime
attendance.clocked_in | 上班打卡 | clocked in
attendance.clocked_out | 下班打卡 | clocked out
attendance.filed_with_hr | 考勤已报人事 | the attendance sheet is filed with personnel
availability | 可用率 | availability
backup | 备份 | backup
backup.done | 完成备份 | backup done
backup.restore_tested | 完成恢复演练 | restore tested
bulletin | 技术通报 | bulletin
by-loss | 按实际损失 | by the actual loss
call | 通话 | call
call.answered | 接听来电 | call answered
call.answered_share | 来电接通率 | share of calls answered
call.escalated | 来电转接升级 | call passed on
call.missed | 未接来电 | call missed
call.returned | 回拨来电 | call returned
call.ringing | 来电振铃 | call ringing
call.waiting | 来电等待时长 | waiting time of calls
catalogue.add_software | 目录增加软件 | adding software to the catalogue
cause | 故障原因 | cause
certificate | 证书 | certificate
change | 变更 | change
change.announced | 变更预告 | change announced
change.charge | 变更收费 | the charge of a change
change.complete | 完成变更 | completing a change
change.done | 变更完成 | change done
change.fallback_ready | 回退方案就绪 | the way back is ready
change.proposed | 提出变更 | change proposed
change.start | 开始变更 | starting a change
change.success_share | 变更成功率 | share of changes that succeeded
change_type | 变更类型 | type of change
channels | 受理渠道 | channels
charge | 收费方式 | charge
charge_or_refund | 收费或退款 | charge or refund
checklist | 检查项目 | checklist
compensation | 赔偿 | compensation
complaint | 投诉 | complaint
complaint.analysed | 投诉分析完成 | complaint analysed
complaint.answered | 投诉答复 | complaint answered
complaint.answered_share | 投诉答复率 | share of complaints answered
complaint.compensation | 投诉赔偿 | compensation after a complaint
complaint.count | 投诉数量 | number of complaints
complaint.found_unsolved | 投诉未解决 | complaint found unsolved
complaint.received | 收到投诉 | complaint received
complaint.revisited | 投诉回访 | complainant called again
consent | 许可 | consent
consent.approved | 审批通过 | approval given
consent.given | 客户同意 | consent given
consent.refused | 客户不同意 | consent refused
consent.requested | 申请许可 | consent asked for
consent.signed | 已签字 | signed
consent.signed_by_both | 双方签字 | signed by both sides
contract.term_in_force | 合同期限有效 | the term is in force
copy | 副本 | copy
cost | 费用 | cost
cost.book | 费用入账 | booking a cost
cost.booked | 费用已入账 | cost booked
cost.oem | 原厂服务费 | the maker's fee
cost.raise_allowance | 上调额度 | raising the allowance
cost.travel | 差旅费 | travel cost
cost.within_approved_budget | 费用在批准预算内 | the cost is within the approved budget
count | 数量 | number
crew | 服务团队 | crew
crew.add_member | 增加团队成员 | adding a crew member
crew.agreements_valid | 人员协议有效 | the crew's agreements are valid
crew.backup_named | 已指定备岗人员 | a deputy is named
crew.core_unchanged | 核心人员未变动 | the core crew is unchanged
crew.customer_told | 已告知客户 | the customer has been told
crew.departure_proposed | 提出人员离岗 | departure proposed
crew.direct_line_covered | 专线有人值守 | the direct line is manned
crew.exam_passed | 考核合格 | the examination is passed
crew.groups_staffed | 人员到位的组数 | number of groups staffed
crew.handover_started | 交接开始 | handover begun
crew.joined | 人员到岗 | crew member joined
crew.left | 人员离岗 | crew member left
crew.on_site | 在场人数 | number of people on site
crew.pass_lost | 出入证遗失 | pass lost
crew.passes_accounted | 出入证已清点 | all passes are accounted for
crew.phase_staffed | 阶段人员到位 | the phase is staffed
crew.qualified | 持证上岗 | the engineer holds the certificate
crew.release_member | 人员调离 | releasing a crew member
crew.replace_supervisor | 更换主管 | replacing the supervisor
crew.residents | 驻场人数 | number of residents
crew.roster | 值班表 | the roster
data | 数据 | data
data.deleted | 数据已删除 | data deleted
data.forward | 转交数据 | passing data on
data.lost | 数据丢失 | data lost
data.no_passwords_stored | 不留存口令 | no passwords are stored
data.published | 数据已发布 | data published
data.received | 收到数据 | data received
data.used | 使用数据 | data used
data-loss | 数据丢失 | data loss
delivery | 交付 | delivery
department-head | 部门负责人 | head of department
device-check | 设备检查 | device check
disk | 硬盘 | disk
document | 文档 | document
document.approved | 文档审批通过 | document approved
document.archive_opened | 文档建档 | file opened
document.delivered | 提交文档 | document delivered
document.library_current | 文档库为最新 | the document library is up to date
document.published | 发布文档 | document published
document.set_handed_over | 文档已成套移交 | the set of documents is handed over
document.user_documents_current | 用户文档为最新 | the user documents are up to date
emergency | 应急 | emergency
emergency.accidents | 事故次数 | number of accidents
emergency.backup_ready | 应急备用就绪 | the fallback is ready
emergency.closed | 应急处置结束 | emergency closed
emergency.drill_held | 举行应急演练 | drill held
emergency.plan_current | 应急预案为最新 | the emergency plan is up to date
emergency.warning_received | 收到预警 | warning received
emergency.warning_sent | 发出预警 | warning sent
equipment-management | 设备管理 | equipment management
event | 重大活动 | event
event.close | 结束保障 | closing event support
event.confirm | 确认保障 | confirming event support
event.plan_approved | 保障方案已批准 | the plan for the event is approved
event.report_filed | 保障总结已归档 | the report on the event is filed
event.support_started | 开始现场保障 | event support started
exchange | 技术交流 | technical exchange
experienced | 资深 | experienced
expansion | 扩容 | expansion
explanation | 情况说明 | explanation
fault | 故障 | fault
fault-analysis | 故障分析 | fault analysis
fault-summary | 故障汇总 | fault summary
final-report | 终期报告 | final report
followup | 回访 | follow-up
followup.made | 完成回访 | follow-up made
forward-data | 转交数据 | passing data on
full | 全量 | full
grade | 等级 | grade
handover | 交接 | handover
happened_on | 发生日期 | day it happened
hotline | 热线 | hotline
hours | 时长 | hours
implementation | 实施 | implementation
in_warranty | 在质保期内 | under warranty
incremental | 增量 | incremental
insights | 统计分析 | statistics
insights.raw_data_readable | 原始数据可查 | the raw data can be read
inspection | 巡检 | inspection
inspection.close_sheet | 关闭巡检单 | closing an inspection sheet
inspection.completed | 完成巡检 | inspection completed
inspection.completion | 巡检完成率 | share of inspections completed
inspection.device_checked | 完成设备检查 | device checked
inspection.issue_found | 巡检发现问题 | issue found
inspection.issue_fixed | 巡检问题已整改 | issue put right
installation | 安装点 | installation
instruction | 操作指令 | instruction
instruction.declined | 指令被拒绝 | instruction declined
intake | 受理 | intake
intake.channels_open | 受理渠道畅通 | the channels are open
intake.mail_answered | 邮件已答复 | mail answered
intake.mailbox_checked | 查收邮箱 | mailbox checked
internet-platform | 互联网平台 | internet platform
item | 对象 | item
items | 项数 | number of items
kind | 种类 | kind
kinds | 种类数 | number of kinds
knowledge | 知识库 | knowledge base
knowledge.revised | 知识条目修订 | knowledge revised
length | 期限 | length
lightning | 防雷检测 | lightning test
line-patrol | 线路巡查 | line patrol
log | 日志 | log
log.written | 填写日志 | log written
longest | 最长间隔 | longest gap
main | 主站点 | main site
maintenance | 维护保养 | maintenance
maintenance-progress | 维护进展 | maintenance progress
major | 重大 | major
major-fault | 重大故障 | major fault
meeting | 会议 | meeting
meeting.held | 召开会议 | meeting held
method | 处理方法 | method
milestone | 里程碑 | milestone
mode | 方式 | mode
monitoring | 监控 | monitoring
monitoring.alarms_handled | 告警处理率 | share of alarms handled
monitoring.antivirus_coverage | 防病毒覆盖率 | antivirus coverage
monitoring.availability | 系统可用率 | availability
monitoring.chain_healthy | 监控链路正常 | the monitoring chain is healthy
monitoring.checked | 监控检查 | monitoring check
monitoring.no_silence | 监控无中断 | monitoring is not silent
monitoring.scan_done | 完成扫描 | scan done
new-version | 新版本 | new version
obligation.attested | 专人确认 | attested
occurred_at | 发生时间 | time of the event
operation | 运行 | operation
operation-assessment | 运行评估 | assessment of operation
optimisation | 优化建议 | optimisation
origin | 来源 | origin
origin:abroad | 国外 | abroad
origin:domestic | 国内 | domestic
outcome | 结果 | outcome
outcome:delivered | 已送达 | delivered
overhaul | 检修 | overhaul
owed | 应由服务方提供 | owed
person | 人员 | person
photo | 照片 | photo
phone | 电话 | phone
preferential | 优惠价 | preferential
preventive | 预防性维护 | preventive maintenance
price | 价格 | price
proactive-visit | 主动走访 | proactive visit
process-summary | 过程总结 | process summary
product-news | 产品动态 | product news
program_error_class | 程序错误类别 | class of program error
promised_at | 承诺时间 | time promised
purpose | 用途 | purpose
quality | 质量 | quality
quality-plan | 质量计划 | quality plan
quality.appraisal_made | 完成考核 | appraisal made
quality.audit_completed | 完成质量审核 | quality audit completed
quality.certificates_valid | 资质证书有效 | the certificates are valid
quality.deviation_noticed | 发现质量偏差 | deviation noticed
quality.finding_closed | 不符合项关闭 | finding closed
quality.finding_made | 开具不符合项 | finding made
quality.joint_check_held | 联合检查 | joint check held
quality.monitored | 质量监督 | quality monitored
quality.plan_proposed | 提出质量计划 | quality plan proposed
quality.review_held | 召开质量评审 | quality review held
quality.sample_taken | 质量抽查 | sample taken
quality.score_sheet_closed | 考核表已确认 | score sheet closed
quantity-changes | 数量变化 | changes of quantity
reason | 原因 | reason
region | 区域 | region
relocation | 搬迁 | relocation
release | 版本 | release
release.approved | 版本获批 | release approved
release.delivered | 版本交付 | release delivered
release.hand_over | 移交版本 | handing a release over
release.install | 安装版本 | installing a release
release.installed | 版本已安装 | release installed
release.post_check_passed | 上线后检查通过 | the check after installation is passed
release.sent | 版本已发送 | release sent
remote | 远程 | remote
remote-check | 远程检查 | remote check
remote-check-record | 远程检查记录 | record of the remote check
remote.backup_made | 远程操作前已备份 | a backup is made before remote work
remote.change | 远程变更 | a remote change
remote.ended | 远程结束 | remote session ended
remote.patch | 远程打补丁 | a remote patch
remote.start | 开始远程 | starting a remote session
remote.started | 远程开始 | remote session started
remote.started_by_user | 由用户发起远程 | the user has started the session
repair | 维修 | repair
repair-statistics | 维修统计 | repair statistics
repair.disk_formatted | 硬盘已清除 | the disk is wiped
repair.form_signed | 维修单已签字 | the repair form is signed
repair.loan_provided | 提供备用机 | loan provided
repair.returned | 送修设备返还 | equipment returned from repair
repair.start | 开始维修 | starting a repair
repair.take_away | 带离设备 | taking equipment away
repair.taken_away | 设备带离 | equipment taken away
repair.vendor_cases_followed | 厂商工单已跟踪 | cases with the maker are followed
report | 报告 | report
report.analysed | 报告已分析 | report analysed
report.archived | 报告归档 | report archived
report.delivered | 提交报告 | report delivered
report.release | 发布报告 | releasing a report
report.requested | 索取报告 | report requested
report.reviewed | 报告已审阅 | report reviewed
report.section_present | 报告含该部分 | the report has this section
report.sections_filled | 报告各部分已填写 | the sections of the report are filled in
result | 结果 | result
routine | 例会 | routine meeting
sample | 抽样方式 | sample
scope | 范围 | scope
section | 部分 | section
sections | 各部分 | sections
security | 安全 | security
service | 服务 | service
service-level | 服务水平 | service level
service-lists | 服务清单 | service lists
service-review | 服务评审 | service review
share | 比例 | share
site | 站点 | site
spares | 备件 | spares
spares-proposal | 备件建议 | proposal for spares
spares.available_share | 备件满足率 | share of spares at hand
spares.delivered | 备件送达 | spare part delivered
spares.issue | 发放备件 | issuing a spare part
spares.ordered | 订购备件 | spare part ordered
spares.replaced | 更换备件 | part replaced
spares.requested | 申请备件 | spare part requested
spares.requisition_recorded | 领用已登记 | the requisition is recorded
spares.stock_sufficient | 备件库存充足 | the stock of spares is sufficient
spares.supply | 备件供应 | the supply of spares
special-note | 特别说明 | special note
stage | 阶段 | stage
starts_at | 开始时间 | start
step | 环节 | step
subject | 对象 | subject
supervisor | 主管 | supervisor
supervisor-change | 更换主管 | change of supervisor
supply | 供应 | supply
survey | 满意度调查 | survey
survey.closed | 调查结束 | survey closed
survey.completed | 完成调查 | survey completed
survey.improvement_reported | 改进已反馈 | improvement reported
survey.items | 调查项数 | number of items surveyed
survey.published | 发布调查结果 | survey published
survey.satisfaction | 用户满意度 | satisfaction
system | 系统 | system
ticket.attribution_known | 已判定故障归属 | the origin of the fault is known
ticket.availability | 可用率 | availability
ticket.raise_tier | 升级支持层级 | raising the tier
ticket.reason_given | 已说明原因 | the reason is given
ticket.remote_requested | 申请远程支持 | remote support requested
ticket.replace_hardware | 更换硬件 | replacing hardware
ticket.replacement_agreed | 用户同意更换 | the user agrees to the replacement
ticket.request_complete | 请求信息完整 | the request is complete
tier | 支持层级 | tier
topic | 主题 | topic
training | 培训 | training
training-materials | 培训教材 | training materials
training.attended | 参加培训 | training attended
training.completed_for_product | 已完成产品培训 | training for the product is completed
training.courseware_available | 课件可用 | courseware is available
training.plan_approved | 培训计划已批准 | the training plan is approved
training.session_held | 举办培训 | training held
training.test_passed | 培训考核合格 | the test is passed
upgrade | 升级 | upgrade
value | 数值 | value
verb | 事件 | event
vice-president | 副总裁 | vice president
virus-assessment | 病毒评估 | virus assessment
visit | 上门 | visit
visit.backups_cleared | 备份已清除 | backups are cleared
visit.begin_work | 开始现场作业 | beginning work on site
visit.diagnosed_jointly | 已共同诊断 | the fault is diagnosed together
visit.dispatch | 派工 | sending an engineer
visit.engineer_on_site | 工程师在场 | an engineer is on site
visit.finish | 结束现场作业 | finishing work on site
visit.leave | 离开现场 | leaving the site
visit.no_open_problems | 无遗留问题 | no problem is left open
visit.permissions_given | 已获准入场 | the permissions are given
visit.user_confirmed | 用户已确认现场结果 | the user has confirmed the visit
warranty | 质保 | warranty
web | 网站 | web
weekly | 周报 | weekly report
within | 时限 | within
work | 工作 | work
workshop | 研讨会 | workshop
yearly-summary | 年度总结 | yearly summary
after-sales-plan | 售后服务方案 | after-sales plan
annual-report | 年度报告 | annual report
annual-plan | 年度计划 | annual plan
support-plan | 技术支持方案 | support plan
training-plan | 培训方案 | training plan
service-catalogue | 服务目录 | service catalogue
procedures | 标准作业规程 | operating procedures
cost-method | 成本核算方法 | cost method
document-handover | 文档移交 | hand-over of documents
departure | 人员离岗 | departure of staff
other-software | 其他软件 | other software
system-software | 系统软件 | system software
hardware | 硬件 | hardware
command_centre | 指挥中心 | command centre
"""


@cache
def titles() -> dict[str, Text]:
    """Word, or `fact:value`, → how it is said."""
    rows = (line.split(" | ") for line in _LINES.strip().splitlines())
    return {word: Text(zh, en) for word, zh, en in rows}
