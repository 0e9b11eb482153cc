"""The stores of one process, each of which keeps one noun, on one connection."""

from monitor.store.alerts import AlertStore
from monitor.store.chats import ChatList
from monitor.store.connection import Connection
from monitor.store.departed import DepartedStore
from monitor.store.feedback import FeedbackStore
from monitor.store.firsts import FirstsStore
from monitor.store.forgotten import ForgottenStore
from monitor.store.inbox import InboxStore
from monitor.store.look_backs import LookBackStore
from monitor.store.mentions import MentionStore
from monitor.store.names import NameStore
from monitor.store.outgoing import OutgoingStore
from monitor.store.packs import PackStore
from monitor.store.people import PeopleStore
from monitor.store.progress import ProgressStore
from monitor.store.proposals import ProposalStore
from monitor.store.quarantine import QuarantineStore
from monitor.store.repairs import RepairStore
from monitor.store.restarts import Restarts
from monitor.store.reviews import ReviewStore
from monitor.store.schedule import DueList, LeaseStore
from monitor.store.scores import ScoreStore
from monitor.store.second_looks import SecondLooks
from monitor.store.setbacks import Setbacks
from monitor.store.subscriptions import SubscriptionStore
from monitor.store.tallies import TallyStore
from monitor.store.told import ToldStore
from monitor.store.topics import TopicStore
from monitor.store.undelivered import UndeliveredStore
from monitor.store.wishes import WishStore


class Stores:
    """A bag: what is kept, by its noun."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.mentions = MentionStore(connection)
        self.topics = TopicStore(connection)
        self.schedule = DueList(connection)
        self.restarts = Restarts(connection)
        self.setbacks = Setbacks(connection)
        self.progress = ProgressStore(connection)
        self.packs = PackStore(connection)
        self.scores = ScoreStore(connection)
        self.tallies = TallyStore(connection)
        self.firsts = FirstsStore(connection)
        self.alerts = AlertStore(connection)
        self.quarantine = QuarantineStore(connection)
        self.told = ToldStore(connection)
        self.outgoing = OutgoingStore(connection)
        self.chats = ChatList(connection)
        self.subscriptions = SubscriptionStore(connection)
        self.wishes = WishStore(connection)
        self.feedback = FeedbackStore(connection)
        self.proposals = ProposalStore(connection)
        self.reviews = ReviewStore(connection)
        self.repairs = RepairStore(connection)
        self.undelivered = UndeliveredStore(connection)
        self.forgotten = ForgottenStore(connection)
        self.names = NameStore(connection)
        self.people = PeopleStore(connection)
        self.inbox = InboxStore(connection)
        self.departed = DepartedStore(connection)
        self.second_looks = SecondLooks(connection)
        self.look_backs = LookBackStore(connection)
        self.job_leases = LeaseStore(connection)
